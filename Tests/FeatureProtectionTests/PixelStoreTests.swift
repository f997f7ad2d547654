import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import Images
import TestSupport
import Testing
import Torch

/// Decoded pixels and features that are kept, in memory and on disk.
@Suite struct PixelStoreTests {
  @Test func keptAndStreamedPixelsGiveTheSameAnswers() throws {
    let set = try TinyStudy.testSet()
    let all = try TinyStudy.classifiers(3).map { Evaluator.Candidate($0) }
    let kept = try TinyStudy.evaluator(batchSize: 2).predictions(of: all, on: set)
    for limit in [0, 1, 3 * 32 * 32 * 5, 3 * 32 * 32 * 8] {
      #expect(
        try TinyStudy.evaluator(batchSize: 2, byteLimit: limit).predictions(of: all, on: set)
          == kept)
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
      let classifier = try TinyStudy.classifiers(1)[0]
      let keeping = try TinyStudy.evaluator()
      let streaming = try TinyStudy.evaluator(byteLimit: 1)
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
      let classifier = try TinyStudy.classifiers(1)[0]
      let expected = try TinyStudy.evaluator().predictions(of: classifier, on: set)
      for round in 0..<2 {
        let reading = Reading()
        var evaluator = try TinyStudy.evaluator(batchSize: 4, folder: folder)
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
      let all = try TinyStudy.classifiers(3)
      let expected = try all.map {
        try TinyStudy.evaluator(batchSize: 4, skipBad: true).predictions(of: $0, on: set)
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
      let two = try TinyStudy.classifiers(2).map { Evaluator.Candidate($0) }
      let folder = PixelFolder(path: "\(path)/pixels", smallest: 1)
      // Without the folder, when it is filled, and from it, in one block and in several.
      let expected = try TinyStudy.evaluator(skipBad: true).predictions(of: two, on: set)
      for (round, limit) in [1 << 30, 1, 1 << 30].enumerated() {
        let reading = Reading()
        var evaluator = try TinyStudy.evaluator(batchSize: 2, byteLimit: limit, folder: folder)
        evaluator.context = reading.context(skipBad: true)
        #expect(try evaluator.predictions(of: two, on: set) == expected)
        #expect(reading.count == (round == 0 ? 5 : 0))
      }
      #expect(expected[0].skipped == (hasBadImages ? 1 : 0))
      let strict = try TinyStudy.evaluator(folder: folder)
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
      var evaluator = try TinyStudy.evaluator(batchSize: 2, folder: folder)
      let stop = StopRequest()
      evaluator.context = RunContext(stop: stop, report: { _ in stop.request(signal: SIGINT) })
      let classifier = try TinyStudy.classifiers(1)[0]
      let set = try TinyStudy.testSet()
      expectProblem(.interrupted) { try evaluator.predictions(of: classifier, on: set) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
    }
  }
}
