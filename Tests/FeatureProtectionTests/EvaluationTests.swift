import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import Images
import TestSupport
import Testing
import Torch

/// Scoring: predictions and their numbers.
@Suite struct EvaluationTests {
  @Test func predictionsAreThoseOfAPlainLoop() throws {
    let set = try TinyStudy.testSet()
    for classifier in try TinyStudy.classifiers(3) {
      var expected: [Int] = []
      for sample in set.dataset.samples {
        let pixels = try plainPixels(
          [set.dataset.path(of: sample)], TinyStudy.evaluator().preprocessing)
        let output = try ClassifierOutput(
          classifier.architecture, classifier.weights, pixels: pixels)
        let logits = try output.logits.elements(as: Float.self)
        expected.append(logits.firstIndex(of: logits.max() ?? 0) ?? -1)
      }
      let ours = try TinyStudy.evaluator(batchSize: 4).predictions(of: classifier, on: set)
      #expect(ours.predicted == expected)
      #expect(ours.labels == [0, 0, 0, 1, 1, 1, 2, 2, 2] && ours.skipped == 0)
    }
  }

  @Test func oneForSeveralIsAsOneByOne() throws {
    let set = try TinyStudy.testSet()
    let all = try TinyStudy.classifiers(4)
    let together = try TinyStudy.evaluator(batchSize: 2).predictions(
      of: all.map { Evaluator.Candidate($0) }, on: set)
    let apart = try all.map { try TinyStudy.evaluator().predictions(of: $0, on: set) }
    #expect(together == apart)
    #expect(Set(apart).count > 1)
    #expect(try TinyStudy.evaluator().predictions(of: [], on: set).isEmpty)
  }

  @Test func batchesBesideEachOtherAreAsOneAfterTheOther() throws {
    let set = try TinyStudy.testSet()
    for classifier in try TinyStudy.classifiers(3) {
      let beside = try TinyStudy.evaluator(batchSize: 1).predictions(of: classifier, on: set)
      let after = try FastPaths.off {
        try TinyStudy.evaluator(batchSize: 1).predictions(of: classifier, on: set)
      }
      #expect(beside == after && beside.count == 9)
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
      let two = try TinyStudy.classifiers(2).map { Evaluator.Candidate($0) }
      for limit in [1, 1 << 30] {
        expectProblem(.badData, containing: "owl/01.png") {
          try TinyStudy.evaluator(byteLimit: limit).predictions(of: two, on: set)
        }
        for batchSize in [1, 2, 100] {
          let answers = try TinyStudy.evaluator(
            batchSize: batchSize, byteLimit: limit, skipBad: true
          )
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
    var evaluator = try TinyStudy.evaluator()
    evaluator.context = RunContext(stop: stop)
    let classifier = try TinyStudy.classifiers(1)[0]
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
}
