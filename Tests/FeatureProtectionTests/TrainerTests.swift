import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import Images
import TestSupport
import Testing
import Torch

/// The training loop: what moves, in which order, and how it stops.
@Suite struct TrainerTests {
  static let all = Recipe(.everything)

  @Test func theReferenceStaysAndEverythingElseMoves() throws {
    let (reference, result) = try TinyStudy.train(Self.all)
    #expect(try reference.weights.digest() == TrajectoryTests.start().0.weights.digest())
    #expect(
      try changedNames(reference.weights, result.classifier.weights).count
        == reference.weights.names.count)
    #expect(result.losses.count == 4 && result.adapters == nil)
  }

  @Test func aLinearProbeLeavesTheTowerBitForBit() throws {
    let (reference, result) = try TinyStudy.train(Recipe(.head))
    #expect(
      try changedNames(reference.weights, result.classifier.weights)
        == [ClassificationHead.weightName, ClassificationHead.biasName])
  }

  @Test func noStepsLeaveTheStart() throws {
    for recipe in [Self.all, Recipe(.head)] {
      let (reference, result) = try TinyStudy.train(recipe, ["steps": .integer(0)])
      #expect(result.losses.isEmpty)
      #expect(try result.classifier.weights.digest() == reference.weights.digest())
    }
    expectProblem(.internalError, containing: "trains nothing") {
      try TinyStudy.train(Recipe(.nothing))
    }
  }

  @Test func epochsKeepTheirLastBatch() throws {
    let log = EventLog()
    _ = try TinyStudy.train(
      Self.all, ["steps": .null, "epochs": .integer(2)], context: log.context())
    #expect(log.steps.map(\.epoch) == [0, 0, 0, 0, 1, 1, 1, 1])
    #expect(log.steps.map(\.step) == Array(1...8) && log.steps.allSatisfy { $0.steps == 8 })
    #expect(log.steps.allSatisfy { $0.loss == $0.crossEntropy })
  }

  /// With a rate of 0 nothing moves, so that losses tell which images a batch has.
  private func losses(order: String, seed: Int) throws -> [Double] {
    try TinyStudy.train(
      Self.all,
      [
        "lr": .integer(0), "order": .string(order), "steps": .null, "epochs": .integer(2),
      ], seed: seed
    ).result.losses
  }

  @Test func theOrderIsAFunctionOfSeedAndEpoch() throws {
    let sequential = try losses(order: "sequential", seed: 0)
    #expect(sequential[..<4] == sequential[4...])
    #expect(try losses(order: "sequential", seed: 1) == sequential)
    let shuffled = try losses(order: "shuffled", seed: 0)
    #expect(try losses(order: "shuffled", seed: 0) == shuffled)
    #expect(try losses(order: "shuffled", seed: 1) != shuffled)
    #expect(shuffled[..<4] != shuffled[4...])
    // Whatever the order, an epoch is every image once: 8, 8, 8 and 2.
    func epoch(_ losses: ArraySlice<Double>) -> Double {
      zip(losses, [8.0, 8, 8, 2]).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let whole = epoch(sequential[..<4])
    for part in [shuffled[..<4], shuffled[4...]] {
      expectClose(epoch(part), whole, relative: 1e-5)
    }
  }

  @Test func augmentationDependsOnTheSeedOnly() throws {
    func losses(_ augment: String, seed: Int, threads: Int = 2) throws -> [Double] {
      try TinyStudy.train(
        Self.all, ["lr": .integer(0), "augment": .string(augment)], seed: seed,
        context: RunContext(loaderThreads: threads)
      ).result.losses
    }
    for augment in ["flip", "random-resized-crop", "random-resized-crop-flip"] {
      let first = try losses(augment, seed: 0)
      #expect(try losses(augment, seed: 0, threads: 5) == first)
      #expect(try losses(augment, seed: 1) != first)
      #expect(try losses("none", seed: 0) != first)
    }
  }

  @Test func storedFeaturesGiveTheSameTrajectoryAsFreshOnes() throws {
    // A tower with rate 0 is a frozen one whose features are computed anew at every step.
    let values: [String: JSONValue] = [
      "steps": .integer(12), "clip-norm": .null, "head-lr": .number(1e-2),
      "order": .string("shuffled"),
    ]
    let stored = try TinyStudy.train(Recipe(.head), values).result
    let fresh = try TinyStudy.train(Self.all, values.merging(["lr": .integer(0)]) { $1 }).result
    expectClose(stored.losses, fresh.losses, relative: 1e-5)
    #expect(stored.losses.first != stored.losses.last)
  }

  @Test func halfPrecisionStaysNearSingle() throws {
    let distillation = Distillation(strength: 1, on: .probabilities, temperature: 2)
    for recipe in [
      Recipe(.everything, protections: [distillation]), Recipe(.head),
      LowRankAdapterTests.recipe,
    ] {
      let single = try TinyStudy.train(recipe, ["steps": .integer(8)]).result.losses
      let half = try TinyStudy.train(
        recipe, ["steps": .integer(8)], context: RunContext(precision: .bfloat16)
      ).result.losses
      expectClose(half, single, relative: 0.05)
      #expect(half != single)
    }
  }

  @Test func theTeacherIsTheReferenceOnTheSameImages() throws {
    let recorder = TeacherRecorder()
    let (reference, _) = try TinyStudy.train(
      Recipe(.everything, protections: [recorder]), ["steps": .integer(8)])
    let outputs = recorder.outputs
    #expect(outputs.count == 8)
    let (_, set) = try TrajectoryTests.start()
    let pixels = try plainPixels(
      Array(set.dataset.samples.prefix(8)).map { set.dataset.path(of: $0) }, set.preprocessing)
    let direct = try ClassifierOutput(reference.architecture, reference.weights, pixels: pixels)
    expectClose(
      outputs[0], try direct.logits.elements(as: Float.self), relative: 1e-4, absolute: 1e-5)
    // The second epoch reads what the first one stored.
    for step in 0..<4 { #expect(outputs[step] == outputs[step + 4]) }
  }

  @Test func aPenaltyPullsOnlyWhatItCovers() throws {
    // At the start a penalty has no gradient: after two steps only what it covers can differ.
    let values: [String: JSONValue] = ["steps": .integer(2), "clip-norm": .null]
    let free = try TinyStudy.train(Self.all, values).result.classifier.weights
    for (include, exclude) in [(["classification_head.*"], []), ([], ["vision*", "visual*"])] {
      for penalty in [
        ReferencePenalty(l1: 1, covered: NamePatterns(include: include, exclude: exclude)),
        ReferencePenalty(l2: 100, covered: NamePatterns(include: include, exclude: exclude)),
      ] {
        let held = try TinyStudy.train(Recipe(.everything, penalty: penalty), values)
        let changed = try changedNames(free, held.result.classifier.weights)
        #expect(!changed.isEmpty && changed.allSatisfy(ImageClassifier.isHead))
      }
    }
    let tower = ReferencePenalty(l2: 100, covered: NamePatterns(exclude: ["classification_head.*"]))
    let held = try TinyStudy.train(Recipe(.everything, penalty: tower), values)
    let changed = try changedNames(free, held.result.classifier.weights)
    #expect(changed.count > 20 && !changed.contains(where: ImageClassifier.isHead))
  }

  @Test func patternsThatCoverNothingAreAnError() {
    let penalty = ReferencePenalty(l2: 1, covered: NamePatterns(include: ["visionmodel.*"]))
    expectProblem(.usage, containing: "tested.include", "no tensor") {
      try TinyStudy.train(Recipe(.everything, penalty: penalty))
    }
  }

  @Test(arguments: [(SIGINT, HoldfastError.Kind.interrupted), (SIGTERM, .terminated)])
  func aStopTakesEffectBetweenSteps(_ signal: Int32, _ kind: HoldfastError.Kind) {
    let log = EventLog()
    let stop = StopRequest()
    let context = RunContext(stop: stop) { event in
      log.add(event)
      if case .step(let record) = event, record.step == 2 {
        stop.request(signal: signal)
        stop.request(signal: SIGTERM + SIGINT - signal)
      }
    }
    expectProblem(kind, containing: "signal") { try TinyStudy.train(Self.all, context: context) }
    #expect(log.steps.count == 2)
  }

  @Test func aLossThatIsNotFiniteNamesStepAndImages() throws {
    let values: [String: JSONValue] = ["lr": .number(1e6), "weight-decay": .number(1e6)]
    for order in ["sequential", "shuffled"] {
      expectProblem(.internalError, containing: "tested, seed 3", "at step", ".png") {
        try TinyStudy.train(
          Self.all,
          values.merging(["order": .string(order), "steps": .integer(60)]) { $1 }, seed: 3)
      }
    }
    // Every image of a small batch, and how many more there are of a large one.
    let paths = try TrajectoryTests.start().1.dataset.samples.map(\.path)
    let bad: [String: JSONValue] = ["label-smoothing": .number(0), "clip-norm": .null]
    for (size, rest) in [(8, ""), (20, " and 12 more")] {
      let (reference, set) = try TrajectoryTests.start()
      var broken = reference
      broken.weights = try reference.weights.clone()
      try broken.weights.tensor(ClassificationHead.biasName).fill(with: .infinity)
      expectProblem(
        .internalError,
        containing: "at step 1, in the batch of \(paths.prefix(8).joined(separator: ", "))\(rest)"
      ) {
        let settings = try TinyStudy.settings(
          bad.merging(["batch-size": .integer(size)]) { $1 })
        return try Trainer(Self.all, settings: settings).train(broken, on: set)
      }
    }
  }

  @Test func picturesThatDoNotDecode() throws {
    try withTemporaryFolder { folder in
      try TinyStudy.copyImages(to: folder, splits: ["train": "train"])
      try AtomicFile.write("no picture", to: "\(folder)/train/owl/bad.png")
      let data = try DatasetSpecifier.parse("\(folder)#train").open(for: .training)[0]
      let (reference, set) = try TrajectoryTests.start()
      let trainer = { (skip: Bool) in
        Trainer(
          Self.all, settings: try TinyStudy.settings(), label: .init(method: "tested"), seed: 0,
          context: RunContext(skipBad: skip))
      }
      let damaged = TrainingSet(data, preprocessing: set.preprocessing)
      expectProblem(.badData, containing: "owl/bad.png") {
        try trainer(false).train(reference, on: damaged)
      }
      #expect(try trainer(true).train(reference, on: damaged).losses.count == 4)
      for sample in data.samples {
        try AtomicFile.write("no picture", to: data.path(of: sample))
      }
      let lost = TrainingSet(data, preprocessing: set.preprocessing)
      expectProblem(.badData, containing: "none of its 27 images") {
        try trainer(true).train(reference, on: lost)
      }
    }
  }
}

/// Keeps the teacher's logits of each step and adds nothing to the loss.
private final class TeacherRecorder: Protection, @unchecked Sendable {
  private let lock = NSLock()
  private var list: [[Float]] = []

  var outputs: [[Float]] { lock.withLock { list } }

  func loss(
    student: ClassifierOutput, teacher: ClassifierOutput
  ) throws(HoldfastError) -> Tensor {
    let logits = try teacher.logits.elements(as: Float.self)
    lock.withLock { list.append(logits) }
    return try Tensor([Float(0)], shape: [])
  }
}

/// Pixels decoded and normalised one by one in plain Swift: `[count, 3, size, size]`.
func plainPixels(_ paths: [String], _ preprocessing: Preprocessing) throws -> Tensor {
  let size = preprocessing.cropSize
  var numbers: [Float] = []
  for path in paths {
    let planes = preprocessing.apply(try ImageFile.read(path)).planes
    for (index, byte) in planes.enumerated() {
      let channel = index / (size * size)
      numbers.append(
        (Float(byte) / 255 - preprocessing.mean[channel]) / preprocessing.std[channel])
    }
  }
  return try Tensor(numbers, shape: [paths.count, 3, size, size])
}
