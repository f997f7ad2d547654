import Basics
import CLIP
import FeatureProtection
import Foundation
import TestSupport
import Testing
import Torch

/// What every trained method understands besides its rates: parts of a batch, a head that stays, and
/// looks at the model between steps.
@Suite struct TrainingOptionTests {
  static let methods = ["full", "l1", "l2", "kd", "lora", "linear-probe"]

  private func recipe(_ name: String, _ own: [String: JSONValue] = [:]) throws -> Recipe {
    let method = try MethodTable.method(name)
    return try method.recipe(
      MethodSettings(method: name, values: method.defaults.merging(own) { $1 }))
  }

  private func values(_ weights: Weights) throws -> [Float] {
    try weights.buffer.elements(as: Float.self)
  }

  // MARK: - Micro-batches

  @Test(arguments: methods) func partsOfABatchSumUpToIt(_ name: String) throws {
    let recipe = try recipe(name, name == "l1" ? ["strength": .number(1e-6)] : [:])
    // 8 images in parts of 3, 3 and 2; with label smoothing and clipping, which see the whole. A
    // large ε keeps Adam from making a step of the rounding of a gradient that is zero.
    let changes: [String: JSONValue] = [
      "label-smoothing": .number(0.1), "clip-norm": .number(0.5), "lr": .integer(1),
      "eps": .integer(1),
    ]
    let whole = try TinyStudy.train(recipe, changes)
    let parts = try TinyStudy.train(
      recipe, changes.merging(["micro-batch-size": .integer(3)]) { $1 })
    expectClose(
      parts.result.losses.map(Float.init), whole.result.losses.map(Float.init), relative: 1e-4)
    let (ours, theirs) = try (
      values(parts.result.classifier.weights), values(whole.result.classifier.weights)
    )
    expectClose(ours, theirs, relative: 1e-5, absolute: 1e-5)
    // They moved much farther than that.
    let start = try values(whole.reference.weights)
    #expect(zip(start, theirs).contains { abs($0 - $1) > 1e-2 })
    let larger = try TinyStudy.train(
      recipe, changes.merging(["micro-batch-size": .integer(500)]) { $1 })
    #expect(try values(larger.result.classifier.weights) == theirs)
  }

  /// The test images, so often that each thread has rows enough in a batch.
  private func repeated() throws -> (reference: ImageClassifier, set: TrainingSet, batch: Int) {
    var (reference, set) = try TrajectoryTests.start()
    let batch = 32 * Machine.threads
    let samples = set.dataset.samples
    set.dataset.samples = (0..<2 * batch + 3).map { samples[$0 % samples.count] }
    return (reference, set, batch)
  }

  @Test(arguments: methods) func partsOnThreadsOfTheirOwnSumUpToTheBatch(_ name: String) throws {
    let recipe = try recipe(name, name == "l1" ? ["strength": .number(1e-6)] : [:])
    let (reference, set, batch) = try repeated()
    // Three batches an epoch, of which the last is too small for several threads.
    func train(_ changes: [String: JSONValue]) throws -> Trainer.Result {
      let changes = changes.merging([
        "batch-size": .integer(batch), "steps": .integer(6), "label-smoothing": .number(0.1),
        "clip-norm": .number(0.5), "lr": .integer(1), "eps": .integer(1),
      ]) { $1 }
      return try Trainer(recipe, settings: TinyStudy.settings(changes)).train(reference, on: set)
    }
    let beside = try train([:])
    let whole = try train(["micro-batch-size": .integer(batch)])
    expectClose(beside.losses.map(Float.init), whole.losses.map(Float.init), relative: 1e-4)
    let (ours, theirs) = try (values(beside.classifier.weights), values(whole.classifier.weights))
    expectClose(ours, theirs, relative: 1e-5, absolute: 1e-5)
    #expect(
      try zip(values(reference.weights), theirs).contains { abs($0 - $1) > 1e-2 })
  }

  @Test func aLossThatFailsOnOneThreadEndsTheStep() throws {
    let (reference, set, batch) = try repeated()
    let recorder = PartRecorder()
    let recipe = Recipe(.everything, protections: [recorder])
    let settings = try TinyStudy.settings(["batch-size": .integer(batch), "steps": .integer(3)])
    _ = try Trainer(recipe, settings: settings).train(reference, on: set)
    let threads = Machine.threads
    #expect(recorder.counts == [Int](repeating: 32, count: 2 * threads) + [3])
    recorder.failsAt = recorder.counts.count + threads + 1
    expectProblem(.internalError, containing: "a part failed") {
      try Trainer(recipe, settings: settings).train(reference, on: set)
    }
  }

  @Test func aWrongSizeIsNamed() {
    for value in [JSONValue.integer(0), .number(1.5), .string("all")] {
      expectProblem(.usage, containing: "micro-batch-size") {
        try TrainingSettings(values: ["micro-batch-size": value])
      }
    }
  }

  // MARK: - The head

  @Test(arguments: methods.filter { $0 != "linear-probe" })
  func aFrozenHeadStaysBitForBit(_ name: String) throws {
    let (reference, result) = try TinyStudy.train(
      recipe(name), ["head-mode": .string("frozen"), "weight-decay": .number(0.5)])
    let changed = try changedNames(reference.weights, result.classifier.weights)
    #expect(!changed.isEmpty && !changed.contains(where: ImageClassifier.isHead))
    // By default it moves.
    let free = try TinyStudy.train(recipe(name)).result.classifier
    #expect(
      try changedNames(reference.weights, free.weights).filter(ImageClassifier.isHead).count == 2)
  }

  @Test func aProbeOfAFrozenHeadTrainsNothing() {
    expectProblem(.usage, containing: "head-mode is frozen") {
      try TinyStudy.train(Recipe(.head), ["head-mode": .string("frozen")])
    }
    expectProblem(.usage, containing: "head-mode") {
      try TrainingSettings(values: ["head-mode": .string("random")])
    }
  }

  @Test func theOriginOfTheHeadOutlivesTraining() throws {
    var (reference, set) = try TrajectoryTests.start()
    for origin in ["zero-shot", nil] {
      reference.headOrigin = origin
      let trainer = Trainer(Recipe(.everything), settings: try TinyStudy.settings())
      let result = try trainer.train(reference, on: set)
      #expect(try result.classifier.head().origin == origin)
      try withTemporaryFolder { folder in
        let path = "\(folder)/head.safetensors"
        try result.classifier.head().write(path)
        #expect(try ClassificationHead.read(path).origin == origin)
      }
    }
    _ = set
  }

  // MARK: - Looks

  @Test func looksSeeWhatTrainingWouldLeaveBehind() throws {
    let (reference, set) = try TrajectoryTests.start()
    for average in [JSONValue.null, .number(0.9)] {
      func trainer(_ steps: Int) throws -> Trainer {
        // A schedule of its own length would differ: constant rates do not.
        Trainer(
          Recipe(.everything),
          settings: try TinyStudy.settings([
            "steps": .integer(steps), "warmup-steps": .integer(1000), "ema": average,
          ]))
      }
      var seen: [Int: [Float]] = [:]
      let observed = try trainer(6).train(
        reference, on: set,
        observation: .init(every: 2) { step, classifier in
          seen[step] = try values(classifier.weights)
        })
      #expect(seen.keys.sorted() == [2, 4])
      #expect(try seen[4] == values(trainer(4).train(reference, on: set).classifier.weights))
      #expect(seen[2] != seen[4])
      let alone = try trainer(6).train(reference, on: set)
      #expect(try values(observed.classifier.weights) == values(alone.classifier.weights))
    }
  }

  @Test func aStudyReportsThemAndKeepsItsResults() throws {
    let log = EventLog()
    let changes: [String: JSONValue] = [
      "methods": .array([.string("full")]), "steps": .integer(5), "evaluate-every": .integer(2),
    ]
    let rows = try TinyStudy.study(changes, context: log.context()).run()
    let observed = log.events.compactMap { event -> (role: ResultRow.Role, step: Int)? in
      if case .observed(let row, let step) = event { (row.role, step) } else { nil }
    }
    let roles: Set<ResultRow.Role> = [.validation, .inDistribution, .outOfDistribution]
    #expect(Set(rows.map(\.role)) == roles && observed.count == 2 * roles.count)
    #expect(Set(observed.map(\.step)) == [2, 4] && Set(observed.map(\.role)) == roles)
    let stages = log.events.compactMap { event -> String? in
      if case .stage(let text) = event, text.hasPrefix("Step 2: ") { text } else { nil }
    }
    #expect(stages.count == 1 && stages.allSatisfy { $0.contains(" top1 ") })
    // Looking changes nothing, and what was seen is no result.
    let plain = try TinyStudy.study(changes.merging(["evaluate-every": .null]) { $1 }).run()
    #expect(plain.map(\.value) == rows.map(\.value) && plain.map(\.weights) == rows.map(\.weights))
    expectProblem(.usage, containing: "evaluate-every") {
      try TinyStudy.configuration(["evaluate-every": .integer(0)])
    }
  }
}

/// Notes how many images each part of a batch has, and fails where it is told to.
private final class PartRecorder: Protection, @unchecked Sendable {
  private let lock = NSLock()
  private var list: [Int] = []
  /// The number of the call that fails; none where nil.
  var failsAt: Int?

  var counts: [Int] { lock.withLock { list } }

  func loss(
    student: ClassifierOutput, teacher: ClassifierOutput
  ) throws(HoldfastError) -> Tensor {
    let number = lock.withLock {
      list.append(student.logits.shape[0])
      return list.count
    }
    if number == failsAt { throw .internalError("a part failed") }
    return try (student.logits - teacher.logits).abs().mean()
  }
}
