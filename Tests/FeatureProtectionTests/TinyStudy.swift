import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import Images
import TestSupport
import Testing
import Torch

/// A study small enough for tests: the tiny CLIP on the 35 images of the training fixtures.
enum TinyStudy {
  static let model = Fixtures.path("towers/tiny-quickgelu")
  static let images = Fixtures.path("training/images")

  /// A few steps of the tiny CLIP, with changes over it.
  static func configuration(_ changes: [String: JSONValue] = [:]) throws -> StudyConfiguration {
    let base: [String: JSONValue] = [
      "model": .string(model), "prompts": .string(Fixtures.path("training/prompts.txt")),
      "data": .object([
        "train": .string(images), "id": .array([.string(images)]),
        "ood": .array([.string("\(images)#train")]), "validation-fraction": .number(0.25),
      ]),
      "lr": .number(1e-3), "warmup-steps": .integer(1), "steps": .integer(3),
      "batch-size": .integer(8),
    ]
    return try StudyConfiguration([.object(base), .object(changes)])
  }

  static func materials(
    _ configuration: StudyConfiguration, _ context: RunContext = RunContext()
  ) throws -> StudyMaterials {
    try StudyMaterials(configuration, context)
  }

  /// A study without a run folder, or with one.
  static func study(
    _ changes: [String: JSONValue] = [:], output: String? = nil, context: RunContext = RunContext()
  ) throws -> Study {
    let configuration = try configuration(changes)
    return Study(
      configuration, try materials(configuration, context), output: output, context: context)
  }

  /// Copies the training images into a folder, `splits` from new to old names.
  static func copyImages(to folder: String, splits: [String: String]) throws {
    try AtomicFile.makeFolder(folder)
    for (new, old) in splits {
      try FileManager.default.copyItem(atPath: "\(images)/\(old)", toPath: "\(folder)/\(new)")
    }
  }

  /// The settings of a short run.
  static func settings(_ changes: [String: JSONValue] = [:]) throws -> TrainingSettings {
    let base: [String: JSONValue] = [
      "lr": .number(1e-3), "warmup-steps": .integer(0), "steps": .integer(4),
      "batch-size": .integer(8), "augment": .string("none"), "order": .string("sequential"),
    ]
    return try TrainingSettings(values: base.merging(changes) { _, new in new })
  }

  /// Trains with a recipe from the start of `TrajectoryTests`.
  static func train(
    _ recipe: Recipe, _ changes: [String: JSONValue] = [:], seed: Int = 0,
    context: RunContext = RunContext(), adapter: LowRankAdapters? = nil
  ) throws -> (reference: ImageClassifier, result: Trainer.Result) {
    let (reference, set) = try TrajectoryTests.start()
    let trainer = Trainer(
      recipe, settings: try settings(changes), label: Trainer.Label(method: "tested"), seed: seed,
      context: context)
    return (reference, try trainer.train(reference, on: set, adapter: adapter))
  }

  /// The set of test images, for the classes of the training set.
  static func testSet() throws -> EvaluationSet {
    let found = try DatasetSpecifier.parse(images).open(for: .evaluation)
    return try EvaluationSet(found[0], role: .inDistribution, classes: found[0].classes)
  }

  /// Classifiers that disagree: the start with other heads.
  static func classifiers(_ count: Int) throws -> [ImageClassifier] {
    let (reference, _) = try TrajectoryTests.start()
    return try (0..<count).map { key in
      var weights = try reference.weights.clone()
      if key > 0 {
        let head = try Weights([
          (ClassificationHead.weightName, .random(3, 24, key: key)),
          (ClassificationHead.biasName, .random(3, key: key)),
        ])
        weights = try weights.replacing(with: head)
      }
      return reference.with(weights)
    }
  }

  /// Scores as the training set's images are prepared.
  ///
  /// - Parameters:
  ///   - byteLimit: The pixels that are kept in memory.
  ///   - folder: Where they are kept on disk.
  static func evaluator(
    batchSize: Int = 128, byteLimit: Int = 1 << 30, skipBad: Bool = false,
    folder: PixelFolder? = nil
  ) throws -> Evaluator {
    Evaluator(
      preprocessing: try TrajectoryTests.start().1.preprocessing, batchSize: batchSize,
      store: PixelStore(byteLimit: byteLimit) { folder },
      context: RunContext(skipBad: skipBad))
  }
}

/// Gathers the events of a run.
final class EventLog: @unchecked Sendable {
  private let lock = NSLock()
  private var list: [RunEvent] = []

  var events: [RunEvent] { lock.withLock { list } }

  var steps: [StepRecord] {
    events.compactMap { if case .step(let record) = $0 { record } else { nil } }
  }

  func add(_ event: RunEvent) { lock.withLock { list.append(event) } }

  func context() -> RunContext { RunContext(report: { [self] in add($0) }) }
}

/// The names of the tensors that differ in any bit.
func changedNames(_ one: Weights, _ other: Weights) throws -> Set<String> {
  var changed: Set<String> = []
  for name in one.names {
    let a = try one.tensor(name).elements(as: Float.self).map(\.bitPattern)
    let b = try other.tensor(name).elements(as: Float.self).map(\.bitPattern)
    if a != b { changed.insert(name) }
  }
  return changed
}
