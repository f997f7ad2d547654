import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import TestSupport
import Testing

/// Metrics against scikit-learn (`Tests/Fixtures/make_metrics.py`) and by hand, and their rows.
@Suite struct MetricTests {
  private struct Golden: Decodable {
    struct Case: Decodable {
      var labels: [Int]
      var predicted: [Int]
      var interval: [String: [Double]]
      var macroF1: Double
      var meanPerClass: Double

      enum CodingKeys: String, CodingKey {
        case labels, predicted, interval
        case macroF1 = "macro-f1"
        case meanPerClass = "mean-per-class"
      }
    }

    var cases: [Case]
  }

  @Test func scoresAreThoseOfScikitLearn() throws {
    let golden = try JSONDecoder().decode(
      Golden.self, from: Fixtures.data("metrics/scores.json"))
    #expect(golden.cases.count == 3)
    for example in golden.cases {
      let answers = Predictions(predicted: example.predicted, labels: example.labels)
      let expected: [(DatasetMetric, Double)] = [
        (.macroF1, example.macroF1), (.meanPerClass, example.meanPerClass),
      ]
      for (metric, value) in expected {
        let measured = try #require(answers.measurement(of: metric))
        expectClose(measured.value, value, relative: 1e-12)
        #expect(measured.count == example.labels.count && measured.group == nil)
        let interval = try #require(example.interval[metric.rawValue])
        // A percentile of 1000 resamples is uncertain by 0.085 of the standard deviation, which is
        // half of half the interval; twelve images give a few values only.
        let width = interval[1] - interval[0]
        guard example.labels.count > 100 else { continue }
        expectClose(measured.interval, interval, relative: 0, absolute: 0.085 * width)
      }
    }
  }

  @Test func aBootstrapIsRepeatable() throws {
    let random = randomNumbers(300, key: 1)
    let answers = Predictions(
      predicted: random.map { $0 > 0 ? 1 : 0 }, labels: random.map { $0 > 0.3 ? 1 : 0 })
    let first = try #require(answers.measurement(of: .macroF1))
    #expect(first == answers.measurement(of: .macroF1))
    #expect(first.interval[0] < first.value && first.value < first.interval[1])
    // All right whatever is drawn.
    let perfect = Predictions(predicted: [3, 4, 5], labels: [3, 4, 5])
    #expect(perfect.measurement(of: .macroF1)?.interval == [1, 1])
    #expect(perfect.measurement(of: .meanPerClass)?.value == 1)
  }

  @Test func classesThatAreNeverRightOnlyTakeAnswersAway() {
    // Class 9 is no right answer: it has no F1 of its own, and costs class 0 a hit.
    let answers = Predictions(predicted: [0, 9, 1, 1], labels: [0, 0, 1, 1])
    expectClose(answers.macroF1, (2.0 / 3 + 1) / 2, relative: 1e-12)
    expectClose(answers.meanPerClass, 0.75, relative: 1e-12)
  }

  @Test func theWorstGroupIsNamedWithItsOwnInterval() throws {
    let answers = Predictions(
      predicted: [0, 1, 0, 0, 0, 1, 1, 0, 1], labels: [0, 0, 0, 0, 0, 0, 1, 1, 0],
      groups: ["Asia", "Asia", "Asia", "Asia", "Africa", "Africa", nil, nil, nil])
    let worst = try #require(answers.measurement(of: .worstGroup))
    #expect(worst.group == "Africa" && worst.value == 0.5 && worst.count == 2)
    let range = try #require(wilsonInterval(0.5, count: 2))
    #expect(worst.interval == [range.lowerBound, range.upperBound])
    let even = Predictions(predicted: [0, 0], labels: [1, 1], groups: ["b", "a"])
    #expect(even.measurement(of: .worstGroup)?.group == "a")
    let ungrouped = Predictions(predicted: [0], labels: [0], groups: [nil])
    #expect(ungrouped.measurement(of: .worstGroup) == nil)
  }

  @Test func whatWasNotAskedIsNotMeasured() {
    let answers = Predictions(predicted: [0, 1], labels: [0, 0])
    for metric in [DatasetMetric.top5, .top1OfAll, .worstGroup, .mCE] {
      #expect(answers.measurement(of: metric) == nil)
    }
    #expect(answers.measurement(of: .top1)?.value == 0.5)
    let none = Predictions()
    #expect(none.measurement(of: .top1)?.interval == [0, 1])
    #expect(none.measurement(of: .macroF1)?.interval == [0, 1])
    #expect(none.macroF1 == 0 && none.measurement(of: .worstGroup) == nil)
  }

  @Test func rowsCarryMetricGroupAndConditions() throws {
    var data = try TinyStudy.testSet().dataset
    data.conditions = ["missing": .integer(3)]
    data.metrics = [.macroF1, .top1]
    for index in data.samples.indices { data.samples[index].group = "g\(index % 2)" }
    let set = try EvaluationSet(data, role: .outOfDistribution, classes: data.classes)
    let (classifier, training) = try TrajectoryTests.start()
    let evaluator = Evaluator(preprocessing: training.preprocessing)
    func rows(_ set: EvaluationSet, _ training: [String: JSONValue] = [:]) throws -> [ResultRow] {
      set.rows(
        try evaluator.predictions(of: classifier, on: set), method: "m", recipe: "r", weights: "w",
        countsSkipped: false, training: training)
    }
    let plain = try rows(set)
    #expect(plain.map(\.metric) == ["macro-f1", "top1"])
    #expect(
      try plain[0].value == set.score(evaluator.predictions(of: classifier, on: set)))
    #expect(plain.allSatisfy { $0.data == ["missing": .integer(3)] && $0.group == nil })
    #expect(plain.allSatisfy { $0.set == data.name && $0.role == .outOfDistribution && $0.n == 9 })
    let trained = try rows(set, ["missing": .integer(9)])
    #expect(trained[0].data?["train"] == .object(["missing": .integer(9)]))
    let grouped = try rows(
      EvaluationSet(data, role: .general, classes: data.classes, metrics: [.worstGroup, .top5]))
    // Three classes have no top-5.
    #expect(grouped.map(\.metric) == ["worst-group"])
    #expect(grouped[0].group?.hasPrefix("g") == true && grouped[0].n < 9)
  }

  @Test func aRowWithoutThemIsAsBefore() throws {
    var row = ResultRow(
      method: "m", seed: 0, set: "s", role: .general, metric: "top1", value: 0.5, n: 2,
      ci95: [0, 1], recipe: "r", weights: "w")
    func text() throws -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return String(decoding: try encoder.encode(row), as: UTF8.self)
    }
    #expect(
      try text()
        == #"{"ci95":[0,1],"method":"m","metric":"top1","n":2,"recipe":"r","role":"general","seed":0,"#
        + #""selected_on":null,"set":"s","setting":{},"value":0.5,"weights":"w"}"#)
    row.group = "Asia"
    row.data = ["border": .integer(2)]
    #expect(try text().contains(#""data":{"border":2},"group":"Asia""#))
    #expect(try JSONDecoder().decode(ResultRow.self, from: Data(text().utf8)) == row)
  }

  @Test func aSetThatSupportsNoMetricSaysWhatIsNeeded() throws {
    let set = try TinyStudy.testSet()
    let error = expectProblem(.usage, containing: "worst-group, top1-of-all") {
      try EvaluationSet(
        set.dataset, role: .general, classes: set.dataset.classes,
        metrics: [.worstGroup, .top1OfAll])
    }
    #expect(error?.remedy.contains("group") == true)
    var silent = set.dataset
    silent.metrics = [.worstGroup]
    #expect(try EvaluationSet(silent, role: .general, classes: silent.classes).metrics == [.top1])
    silent.metrics = [.mCE]
    #expect(
      try EvaluationSet(silent, role: .general, classes: silent.classes).metrics == [.top1, .mCE])
  }
}
