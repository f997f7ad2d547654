import Basics
import FeatureProtection
import Foundation
import Images

extension Speed {
  /// Steps of the product's own training loop, by any method, on images that are decoded already.
  static func trainingPart(_ inputs: Inputs, _ conversation: Conversation) throws {
    let method = try inputs.text("method")
    let classifier = try inputs.classifier()
    let dataset = try inputs.dataset(inputs.text("images"))

    var settings = TrainingSettings()
    settings.rate = try inputs.number("rate")
    settings.batchSize = try inputs.count("batch")
    settings.steps = try inputs.count("schedule")
    settings.warmupSteps = 0
    settings.isShuffled = false
    settings.augmentation = .none

    let kind = try MethodTable.method(method)
    var own = kind.defaults
    if own["strength"] != nil { own["strength"] = .number(try inputs.number("strength")) }
    if own["rank"] != nil { own["rank"] = .integer(try inputs.count("rank")) }
    let recipe = try kind.recipe(MethodSettings(method: method, values: own))
    let adapter =
      method == LoRA.name
      ? try LowRankAdapters.read(
        "\(inputs.folder)/adapters/\(inputs.text("model"))", for: classifier.weights.layout) : nil

    let meter = StepMeter(
      conversation, warmUp: try inputs.count("warm"), steps: try inputs.count("steps"))
    var context = inputs.context
    context.report = { event in
      if case .step(let record) = event { try meter.record(record) }
    }
    let trainer = Trainer(recipe, settings: settings, context: context)
    let preprocessing = Preprocessing(imageSize: classifier.architecture.imageSize)
    try meter.begin()
    _ = try trainer.train(
      classifier, on: TrainingSet(dataset, preprocessing: preprocessing), adapter: adapter)
  }
}

/// Holds a training loop between repetitions, and times the steps of each from its step events.
///
/// Its methods are called on the thread of the run alone, which is what makes it sendable.
private final class StepMeter: @unchecked Sendable {
  private let conversation: Conversation
  private let steps: Int
  /// How many steps the repetition at hand has.
  private var wanted: Int
  private var losses: [Double] = []
  private var start = ContinuousClock.now

  /// - Parameters:
  ///   - warmUp: Steps of the first repetition, the warm-up; one epoch at least, so that the images
  ///     are decoded and a teacher's features stored.
  ///   - steps: Those of each other.
  init(_ conversation: Conversation, warmUp: Int, steps: Int) {
    self.conversation = conversation
    self.steps = steps
    wanted = warmUp
  }

  /// Waits for the first repetition.
  func begin() throws {
    conversation.ready()
    try waitForGo()
  }

  func record(_ record: StepRecord) throws {
    losses.append(record.loss)
    guard losses.count == wanted else { return }
    conversation.answer(
      Conversation.Answer(
        ContinuousClock.now - start, count: losses.count, check: .numbers(losses)))
    wanted = steps
    try waitForGo()
  }

  private func waitForGo() throws {
    try conversation.waitForGo()
    losses = []
    start = .now
  }
}
