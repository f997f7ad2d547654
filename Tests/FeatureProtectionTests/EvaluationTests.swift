import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import Images
import TestSupport
import Testing
import Torch

/// Scoring: predictions, their store, their numbers, and points of a path.
@Suite struct EvaluationTests {
  /// Classifiers that disagree: the start with other heads.
  private func classifiers(_ count: Int) throws -> [ImageClassifier] {
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

  private func evaluator(
    batchSize: Int = 128, byteLimit: Int = 1 << 30, skipBad: Bool = false,
    folder: PixelFolder? = nil
  ) throws -> Evaluator {
    Evaluator(
      preprocessing: try TrajectoryTests.start().1.preprocessing, batchSize: batchSize,
      store: PixelStore(byteLimit: byteLimit) { folder },
      context: RunContext(skipBad: skipBad))
  }

  @Test func predictionsAreThoseOfAPlainLoop() throws {
    let set = try TinyStudy.testSet()
    for classifier in try classifiers(3) {
      var expected: [Int] = []
      for sample in set.dataset.samples {
        let pixels = try plainPixels(
          [set.dataset.path(of: sample)], evaluator().preprocessing)
        let output = try ClassifierOutput(
          classifier.architecture, classifier.weights, pixels: pixels)
        let logits = try output.logits.elements(as: Float.self)
        expected.append(logits.firstIndex(of: logits.max() ?? 0) ?? -1)
      }
      let ours = try evaluator(batchSize: 4).predictions(of: classifier, on: set)
      #expect(ours.predicted == expected)
      #expect(ours.labels == [0, 0, 0, 1, 1, 1, 2, 2, 2] && ours.skipped == 0)
    }
  }

  @Test func oneForSeveralIsAsOneByOne() throws {
    let set = try TinyStudy.testSet()
    let all = try classifiers(4)
    let together = try evaluator(batchSize: 2).predictions(
      of: all.map { Evaluator.Candidate($0) }, on: set)
    let apart = try all.map { try evaluator().predictions(of: $0, on: set) }
    #expect(together == apart)
    #expect(Set(apart).count > 1)
    #expect(try evaluator().predictions(of: [], on: set).isEmpty)
  }

  @Test func batchesBesideEachOtherAreAsOneAfterTheOther() throws {
    let set = try TinyStudy.testSet()
    for classifier in try classifiers(3) {
      let beside = try evaluator(batchSize: 1).predictions(of: classifier, on: set)
      let after = try FastPaths.off {
        try evaluator(batchSize: 1).predictions(of: classifier, on: set)
      }
      #expect(beside == after && beside.count == 9)
    }
  }

  @Test func keptAndStreamedPixelsGiveTheSameAnswers() throws {
    let set = try TinyStudy.testSet()
    let all = try classifiers(3).map { Evaluator.Candidate($0) }
    let kept = try evaluator(batchSize: 2).predictions(of: all, on: set)
    for limit in [0, 1, 3 * 32 * 32 * 5, 3 * 32 * 32 * 8] {
      #expect(
        try evaluator(batchSize: 2, byteLimit: limit).predictions(of: all, on: set) == kept)
    }
  }

  /// Kept pixels are those of the images, whatever their labels; files gone show what was read again.
  @Test func keptPixelsBelongToImagesAndNotToLabels() throws {
    try withTemporaryFolder { folder in
      try TinyStudy.copyImages(to: "\(folder)/set", splits: ["test": "test"])
      try TinyStudy.copyImages(to: "\(folder)/other", splits: ["test": "test"])
      func set(_ name: String) throws -> Dataset {
        try #require(
          DatasetSpecifier.parse("folder:\(folder)/\(name)").open(for: .evaluation).first)
      }
      let (dataset, other) = try (set("set"), set("other"))
      let store = PixelStore { nil }
      func read(_ dataset: Dataset) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try store.forEachBlock(
          of: dataset, preprocessing: Preprocessing(imageSize: 32), batchSize: 4, RunContext()
        ) { block in bytes += block.flatMap(\.pixels.bytes) }
        return bytes
      }
      let pixels = try read(dataset)
      #expect(pixels.count == 9 * 3 * 32 * 32)
      try FileManager.default.removeItem(atPath: "\(folder)/set")
      #expect(try read(dataset) == pixels)
      var relabelled = dataset
      for index in relabelled.samples.indices { relabelled.samples[index].label = index % 2 }
      #expect(try read(relabelled) == pixels)
      // Another place, another part of the images, another order of them.
      #expect(try read(other) == pixels)
      var part = dataset
      part.samples.removeLast()
      var turned = dataset
      turned.samples.reverse()
      var bordered = dataset
      bordered.border = 2
      for changed in [part, turned, bordered] {
        expectProblem(.missingInput, containing: folder) { try read(changed) }
      }
    }
  }

  @Test func theStoreReadsASetOnce() throws {
    try withTemporaryFolder { folder in
      try TinyStudy.copyImages(to: "\(folder)/set", splits: ["test": "test", "train": "train"])
      let data = try DatasetSpecifier.parse("\(folder)/set").open(for: .evaluation)[0]
      let set = try EvaluationSet(data, role: .inDistribution, classes: data.classes)
      let classifier = try classifiers(1)[0]
      let keeping = try evaluator()
      let streaming = try evaluator(byteLimit: 1)
      let first = try keeping.predictions(of: classifier, on: set)
      #expect(try streaming.predictions(of: classifier, on: set) == first)
      // Another list of the same folder and length is another set.
      var other = set
      other.dataset.samples.swapAt(0, 8)
      #expect(try keeping.predictions(of: classifier, on: other).labels.first == 2)
      try FileManager.default.removeItem(atPath: "\(folder)/set")
      #expect(try keeping.predictions(of: classifier, on: set) == first)
      expectProblem(.missingInput, containing: "set/test/maple_leaf/00.png") {
        try streaming.predictions(of: classifier, on: set)
      }
    }
  }

  @Test func withoutFastPathsTheStoreKeepsNothing() throws {
    try withTemporaryFolder { path in
      let folder = PixelFolder(path: "\(path)/pixels", smallest: 1)
      let set = try TinyStudy.testSet()
      let classifier = try classifiers(1)[0]
      let expected = try evaluator().predictions(of: classifier, on: set)
      for round in 0..<2 {
        let reading = Reading()
        var evaluator = try evaluator(batchSize: 4, folder: folder)
        evaluator.context = reading.context(skipBad: false)
        for _ in 0..<2 {
          let answers = try FastPaths.off { try evaluator.predictions(of: classifier, on: set) }
          #expect(answers == expected)
        }
        #expect(reading.count == 6, "round \(round)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.path))
    }
  }

  /// Classifiers that share the reference's tower need neither pixels nor a forward pass after it.
  @Test func headsAreScoredFromFeaturesOfTheirTower() throws {
    try withTemporaryFolder { folder in
      try TinyStudy.copyImages(to: "\(folder)/set", splits: ["test": "test", "train": "train"])
      try AtomicFile.write("none", to: "\(folder)/set/test/owl/01.png")
      let data = try DatasetSpecifier.parse("\(folder)/set").open(for: .evaluation)[0]
      let set = try EvaluationSet(data, role: .inDistribution, classes: data.classes)
      let all = try classifiers(3)
      let expected = try all.map {
        try evaluator(batchSize: 4, skipBad: true).predictions(of: $0, on: set)
      }
      let sharing = Evaluator(
        preprocessing: try TrajectoryTests.start().1.preprocessing, batchSize: 4,
        store: PixelStore(byteLimit: 0) { nil }, reference: all[0],
        context: RunContext(skipBad: true))
      // The first to come fills it, whichever it is.
      #expect(try sharing.predictions(of: all[1], on: set) == expected[1])
      try FileManager.default.removeItem(atPath: "\(folder)/set")
      for (classifier, answers) in zip(all, expected) {
        #expect(try sharing.predictions(of: classifier, on: set) == answers)
      }
      #expect(Set(expected).count > 1 && expected.allSatisfy { $0.skipped == 1 && $0.count == 8 })
      // One bit of the tower, several candidates, other images, and no fast paths need the pixels.
      let moved = all[0].with(try all[0].weights.clone())
      let last = try #require(moved.weights.names.last { CLIPArchitecture.isVision($0) })
      let values = try moved.weights.tensor(last).elements(as: Float.self)
      let shape = try moved.weights.tensor(last).shape
      try moved.weights.tensor(last).copy(
        from: Tensor(values.dropLast() + [values[values.count - 1].nextUp], shape: shape))
      let answered = { (classifiers: [ImageClassifier], set: EvaluationSet) throws -> Int in
        try sharing.predictions(of: classifiers.map { Evaluator.Candidate($0) }, on: set)
          .reduce(0) { $0 + $1.count }
      }
      var other = set
      other.dataset.samples.swapAt(0, 5)
      #expect(try answered([all[0]], set) == 8)
      #expect(try answered([moved], set) == 0)
      #expect(try answered([all[0], all[1]], set) == 0)
      #expect(try answered([all[0]], other) == 0)
      #expect(try FastPaths.off { try answered([all[0]], set) } == 0)
    }
  }

  /// What a run reads from files, by its own reports.
  private final class Reading: @unchecked Sendable {
    var count = 0

    func context(skipBad: Bool) -> RunContext {
      RunContext(
        skipBad: skipBad,
        report: { event in
          if case .progress(let text, _, _, _) = event, text.hasPrefix("Reading") {
            self.count += 1
          }
        })
    }
  }

  @Test(arguments: [false, true])
  func theDiskServesTheNextRun(_ hasBadImages: Bool) throws {
    try withTemporaryFolder { path in
      try TinyStudy.copyImages(to: "\(path)/set", splits: ["test": "test", "train": "train"])
      if hasBadImages { try AtomicFile.write("none", to: "\(path)/set/test/owl/01.png") }
      let data = try DatasetSpecifier.parse("\(path)/set").open(for: .evaluation)[0]
      let set = try EvaluationSet(data, role: .inDistribution, classes: data.classes)
      let two = try classifiers(2).map { Evaluator.Candidate($0) }
      let folder = PixelFolder(path: "\(path)/pixels", smallest: 1)
      // Without the folder, when it is filled, and from it, in one block and in several.
      let expected = try evaluator(skipBad: true).predictions(of: two, on: set)
      for (round, limit) in [1 << 30, 1, 1 << 30].enumerated() {
        let reading = Reading()
        var evaluator = try evaluator(batchSize: 2, byteLimit: limit, folder: folder)
        evaluator.context = reading.context(skipBad: true)
        #expect(try evaluator.predictions(of: two, on: set) == expected)
        #expect(reading.count == (round == 0 ? 5 : 0))
      }
      #expect(expected[0].skipped == (hasBadImages ? 1 : 0))
      let strict = try evaluator(folder: folder)
      if hasBadImages {
        expectProblem(.badData, containing: "owl/01.png") {
          try strict.predictions(of: two, on: set)
        }
      } else {
        #expect(try strict.predictions(of: two, on: set) == expected)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
    }
  }

  @Test func aPassThatIsStoppedLeavesNoFile() throws {
    try withTemporaryFolder { path in
      let folder = PixelFolder(path: path, smallest: 1)
      var evaluator = try evaluator(batchSize: 2, folder: folder)
      let stop = StopRequest()
      evaluator.context = RunContext(stop: stop, report: { _ in stop.request(signal: SIGINT) })
      let classifier = try classifiers(1)[0]
      let set = try TinyStudy.testSet()
      expectProblem(.interrupted) { try evaluator.predictions(of: classifier, on: set) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
    }
  }

  @Test func badImagesAreSkippedAndCounted() throws {
    try withTemporaryFolder { folder in
      try TinyStudy.copyImages(to: folder, splits: ["test": "test", "train": "train"])
      for name in ["owl/01.png", "red_kite/02.png"] {
        try AtomicFile.write("no picture", to: "\(folder)/test/\(name)")
      }
      let data = try DatasetSpecifier.parse(folder).open(for: .evaluation)[0]
      let set = try EvaluationSet(data, role: .inDistribution, classes: data.classes)
      let two = try classifiers(2).map { Evaluator.Candidate($0) }
      for limit in [1, 1 << 30] {
        expectProblem(.badData, containing: "owl/01.png") {
          try evaluator(byteLimit: limit).predictions(of: two, on: set)
        }
        for batchSize in [1, 2, 100] {
          let answers = try evaluator(batchSize: batchSize, byteLimit: limit, skipBad: true)
            .predictions(of: two, on: set)
          for answer in answers {
            #expect(answer.skipped == 2 && answer.count == 7)
            #expect(answer.labels == [0, 0, 0, 1, 1, 2, 2])
          }
        }
      }
    }
  }

  @Test func aStopEndsScoring() throws {
    let stop = StopRequest()
    stop.request(signal: SIGINT)
    var evaluator = try evaluator()
    evaluator.context = RunContext(stop: stop)
    let classifier = try classifiers(1)[0]
    let set = try TinyStudy.testSet()
    expectProblem(.interrupted) { try evaluator.predictions(of: classifier, on: set) }
  }

  @Test func numbersByHand() {
    let answers = Predictions(predicted: [0, 0, 1, 1, 2], labels: [0, 0, 0, 1, 1])
    #expect(answers.count == 5 && answers.correctCount == 3 && answers.top1 == 0.6)
    expectClose(answers.meanPerClass, (2.0 / 3 + 0.5) / 2, relative: 1e-12)
    let eight = Predictions(
      predicted: [Int](repeating: 0, count: 10), labels: [0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    // scipy.stats.binomtest(8, 10).proportion_ci(method="wilson")
    expectClose(
      eight.interval, [0.4901624715366418, 0.9433178485456247], relative: 1e-9)
    let none = Predictions()
    #expect(none.top1 == 0 && none.meanPerClass == 0 && none.interval == [0, 1])
  }

  @Test func aSetNeedsImagesAndKnownClasses() throws {
    let set = try TinyStudy.testSet()
    var empty = set.dataset
    empty.samples = []
    expectProblem(.badData, containing: "no images") {
      try EvaluationSet(empty, role: .general, classes: empty.classes)
    }
    expectProblem(.badData, containing: "'owl'", "2 classes") {
      try EvaluationSet(set.dataset, role: .general, classes: ["red kite", "maple leaf"])
    }
    let reordered = try EvaluationSet(
      set.dataset, role: .general, classes: ["red kite", "cat", "owl", "maple leaf"])
    #expect(reordered.dataset.samples.map(\.label) == [3, 3, 3, 2, 2, 2, 0, 0, 0])
  }

  @Test func pathsEndInTheirEndsBitForBit() throws {
    let ends = try classifiers(2)
    let path = try InterpolationPath(from: ends[0], to: ends[1])
    #expect(try path.point(0).weights.digest() == ends[0].weights.digest())
    #expect(try path.point(1).weights.digest() == ends[1].weights.digest())
    let name = ClassificationHead.biasName
    let bias = try path.point(0.25).weights.tensor(name).elements(as: Float.self)
    let start = try ends[0].weights.tensor(name).elements(as: Float.self)
    let end = try ends[1].weights.tensor(name).elements(as: Float.self)
    expectClose(bias, zip(start, end).map { 0.75 * $0 + 0.25 * $1 }, relative: 1e-6)
    let alphas = [0, 0.3, 1, 0.6]
    let set = try TinyStudy.testSet()
    let together = try evaluator(batchSize: 2, byteLimit: 1).predictions(
      of: path.candidates(alphas), on: set)
    let apart = try alphas.map { try evaluator().predictions(of: path.point($0), on: set) }
    #expect(together == apart)
  }

  @Test func pathsNeedTheSameClassesAndArchitecture() throws {
    let start = try classifiers(1)[0]
    var other = start
    other.classes[0] = "ostrich"
    expectProblem(.badData, containing: "different classes") {
      try InterpolationPath(from: start, to: other)
    }
    other = start
    other.architecture = other.architecture.with(.gelu)
    expectProblem(.badData, containing: "activation") {
      try InterpolationPath(from: start, to: other)
    }
    let fewer = try ImageClassifier(
      Checkpoint.read(TinyStudy.model),
      head: ClassificationHead(
        weight: .random(2, 24, key: 1), bias: .random(2, key: 1), classes: ["a", "b"]))
    expectProblem(.badData, containing: "different classes (3 and 2)") {
      try InterpolationPath(from: start, to: fewer)
    }
  }

  @Test func digestsTellEveryBit() throws {
    let weights = try classifiers(1)[0].weights
    let digest = try weights.digest()
    #expect(digest.hasPrefix("sha256:") && digest.count == 7 + 64)
    #expect(try weights.clone().digest() == digest)
    let changed = try weights.clone()
    let bias = try changed.tensor(ClassificationHead.biasName)
    try bias.fill(with: -0.0)
    #expect(try changed.digest() != digest)
  }
}
