import Basics
import CLIP
import Images
import Torch

/// Fine-tunes a classifier by a recipe: one loop for every method.
public struct Trainer: Sendable {
  /// What the events of this run are labelled with.
  public struct Label: Sendable {
    public var method: String
    public var setting: [String: JSONValue]

    public init(method: String, setting: [String: JSONValue] = [:]) {
      self.method = method
      self.setting = setting
    }
  }

  /// What training leaves behind.
  public struct Result: Sendable {
    public var classifier: ImageClassifier
    /// The factors of a low-rank method.
    public var adapters: LowRankAdapters?
    /// The whole loss before each step.
    public var losses: [Double]
  }

  /// Who looks at the classifier while it is trained, between steps.
  public struct Observation {
    /// Steps from one look to the next.
    public var every: Int
    /// Given the number of steps taken, and what training would leave behind there.
    public var look: (Int, ImageClassifier) throws -> Void

    public init(every: Int, look: @escaping (Int, ImageClassifier) throws -> Void) {
      self.every = max(every, 1)
      self.look = look
    }
  }

  public var recipe: Recipe
  public var settings: TrainingSettings
  public var label: Label
  public var seed: Int
  public var context: RunContext

  /// - Parameters:
  ///   - label: Named in events and errors. The default is `custom`.
  ///   - seed: Decides data order, augmentation and new factors. The default is 0.
  public init(
    _ recipe: Recipe, settings: TrainingSettings, label: Label = Label(method: "custom"),
    seed: Int = 0, context: RunContext = RunContext()
  ) {
    self.recipe = recipe
    self.settings = settings
    self.label = label
    self.seed = seed
    self.context = context
    // A frozen tower sees one view of an image, that of evaluation.
    if recipe.trainable == .head { self.settings.augmentation = .none }
  }

  /// Trains from `reference`, whose weights are left as they are.
  ///
  /// - Parameters:
  ///   - set: Its labels are rows of the reference's head.
  ///   - adapter: The factors to start a low-rank method from.
  ///   - observation: Who looks at the classifier between steps.
  /// - Throws: `HoldfastError`; where the loss is no longer a finite number, with the step and the
  ///   images.
  public func train(
    _ reference: ImageClassifier, on set: TrainingSet, adapter: LowRankAdapters? = nil,
    observation: Observation? = nil
  ) throws -> Result {
    guard settings.headMode == .trained || recipe.trainable != .head else {
      throw HoldfastError.usage(
        "\(label.method) trains the head alone, and head-mode is frozen",
        remedy: "Set head-mode to trained, or choose a method that trains the tower.")
    }
    let reference = try reference.over(recipe.features)
    let model = try TrainableModel(
      reference, recipe.trainable, trainsHead: settings.headMode == .trained, seed: seed,
      adapter: adapter)
    let frozen = try FrozenTower(
      reference, images: set.count, hasOneView: settings.augmentation == .none)
    let optimizer = try makeOptimizer(for: model)
    let steps = settings.stepCount(images: set.count)
    let schedule = LearningRateSchedule(steps: steps, warmupSteps: settings.warmupSteps)
    let batches = try TrainingBatches(set, settings, seed: seed, context) { positions in
      model.hasFrozenTower && frozen.knows(positions)
    }
    let concurrent =
      settings.microBatchSize == nil
      ? try ConcurrentParts(model, images: min(settings.batchSize, set.count), context) : nil
    var losses: [Double] = []

    for step in 0..<steps {
      try context.stop.check()
      var batch = try context.timing(.forward, batches.next)
      let batchLosses = try backpropagate(&batch, model, frozen, concurrent)
      let factor = schedule.factor(at: step)
      let report = try context.timing(.optimizer) { () throws(HoldfastError) in
        try optimizer.step(
          rate: settings.rate * factor, headRate: (settings.headRate ?? settings.rate) * factor,
          clipNorm: settings.clipNorm)
      }
      context.ledger?.add(batch.positions.count, .trained)
      let value = batchLosses.whole + report.penalty
      guard value.isFinite, report.gradientNorm.isFinite else {
        throw notFinite(step, set, batch.positions)
      }
      losses.append(value)
      try context.report(
        .step(
          StepRecord(
            method: label.method, setting: label.setting, seed: seed, step: step + 1, steps: steps,
            epoch: batch.epoch, loss: value, crossEntropy: batchLosses.crossEntropy,
            rate: settings.rate * factor, gradientNorm: report.gradientNorm)))
      if let observation, (step + 1) % observation.every == 0, step + 1 < steps {
        try observation.look(step + 1, model.classifier(at: optimizer.average))
      }
    }
    if let average = optimizer.average { try model.trained.values.copy(from: average) }
    guard try model.trained.values.isFinite() else {
      throw HoldfastError(
        .internalError,
        "\(label.method), seed \(seed): the weights are not finite numbers after the last step",
        remedy: "Lower lr or head-lr, or raise warmup-steps.")
    }
    return Result(
      classifier: try model.finalClassifier(), adapters: try model.trainedAdapters(),
      losses: losses)
  }

  private func makeOptimizer(for model: TrainableModel) throws(HoldfastError) -> AdamW {
    let penalty = recipe.penalty
    guard penalty.map({ model.trained.layout.names.contains(where: $0.covered.covers) }) ?? true
    else {
      throw .usage(
        "\(label.method).include and \(label.method).exclude leave no tensor to the penalty",
        remedy: "Patterns match whole names, such as vision_model.encoder.*.")
    }
    return try AdamW(
      model.trained, reference: penalty == nil ? nil : model.origin(), betas: settings.betas,
      epsilon: settings.epsilon, averageDecay: settings.averageDecay
    ) { name in
      let isPenalised = penalty?.covered.covers(name) ?? false
      return AdamW.Options(
        decay: settings.weightDecay, l1: isPenalised ? penalty?.l1 ?? 0 : 0,
        l2: isPenalised ? penalty?.l2 ?? 0 : 0, isHead: ImageClassifier.isHead(name))
    }
  }
}
