import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import TestSupport
import Testing
import Torch

/// Sets whose classes are part of a larger list: projection of logits, shared heads, training.
@Suite struct MappedScoringTests {
  private struct Golden: Decodable {
    var columns: [[Int]]
    var labels: [Int]
    var predicted: [Int]
    var in_top5: [Bool]
    var of_all: [Bool]
  }

  private static let names = (0..<160).map { "entry \($0 / 2)" }

  /// Test and training images, as the golden file has them.
  private static func images() throws -> [Dataset.Sample] {
    try ["test", "train"].flatMap { split in
      try DatasetSpecifier.parse("\(TinyStudy.images)#\(split)").open(for: .evaluation)[0].samples
    }
  }

  private static func dataset(
    _ columns: [[Int]], _ labels: [Int], metrics: [DatasetMetric] = [.top1, .top5, .top1OfAll]
  ) throws -> Dataset {
    var samples = try images()
    for index in samples.indices { samples[index].label = labels[index % labels.count] }
    return Dataset(
      name: "objects", kind: "k", rule: "by hand", split: "test", root: TinyStudy.images,
      classes: columns.indices.map { "class \($0)" }, samples: samples,
      classMap: ClassMap(list: "list-160", names: names, columns: columns), metrics: metrics)
  }

  /// The tiny CLIP under the golden head, whose names come in pairs.
  private static func classifier() throws -> (ImageClassifier, Evaluator) {
    let file = try SafetensorsFile(path: Fixtures.path("metrics/projection.safetensors"))
    let checkpoint = try Checkpoint.read(TinyStudy.model)
    let head = try ClassificationHead(
      weight: file.tensor("weight"), bias: file.tensor("bias"), classes: names)
    return (
      try ImageClassifier(checkpoint, head: head),
      Evaluator(
        preprocessing: try StudyMaterials.preprocessing(of: checkpoint), batchSize: 8)
    )
  }

  @Test func logitsAreProjectedAsNumPyDoes() throws {
    let golden = try JSONDecoder().decode(
      Golden.self, from: Fixtures.data("metrics/projection.json"))
    #expect(golden.columns.count == 113 && golden.columns.joined().count == 125)
    let data = try Self.dataset(golden.columns, golden.labels)
    let set = try EvaluationSet(data, role: .general, classes: Self.names)
    #expect(set.columns == golden.columns && set.answerCount == 113)
    let (classifier, evaluator) = try Self.classifier()
    let answers = try evaluator.predictions(of: classifier, on: set)
    #expect(answers.labels == golden.labels && answers.predicted == golden.predicted)
    #expect(answers.isInTop5 == golden.in_top5 && answers.isRightOfAll == golden.of_all)
    let rows = set.rows(answers, method: "m", recipe: "r", weights: "w", countsSkipped: false)
    #expect(rows.map(\.metric) == ["top1", "top5", "top1-of-all"])
    #expect(rows.map { Int(($0.value * 35).rounded()) } == [14, 28, 13])
  }

  @Test func singleColumnsAreARestriction() throws {
    let (classifier, evaluator) = try Self.classifier()
    let columns = stride(from: 1, to: 160, by: 3).map { [$0] }
    let set = try EvaluationSet(
      Self.dataset(columns, [0, 5, 9]), role: .general, classes: Self.names)
    let answers = try evaluator.predictions(of: classifier, on: set)
    // The whole head as a set of its own is the plain path.
    let whole = try EvaluationSet(
      Self.dataset(Self.names.indices.map { [$0] }, [1, 16, 28]), role: .general,
      classes: Self.names)
    #expect(whole.columns == nil)
    let plain = try evaluator.predictions(of: classifier, on: whole)
    #expect(plain.isRightOfAll == zip(plain.predicted, plain.labels).map { $0 == $1 })
    #expect(answers.isRightOfAll == plain.isRightOfAll)
    // Where the best of all is one of the 53, it is the best of them.
    var compared = 0
    for (own, all) in zip(answers.predicted, plain.predicted) where all % 3 == 1 {
      #expect(columns[own] == [all])
      compared += 1
    }
    #expect(compared > 0 && answers.predicted.allSatisfy(columns.indices.contains))
  }

  @Test func classesWithoutCounterpartAreNeverAnswered() throws {
    let (classifier, evaluator) = try Self.classifier()
    var data = try Self.dataset([[3], [40], [77]], [0, 2])
    data.classMap?.names = Self.names.indices.map { "own \($0)" }
    data.classMap?.names[3] = "a"
    data.classMap?.names[77] = "b"
    var renamed = classifier
    renamed.classes = Self.names.indices.map { "\($0)" }
    renamed.classes[100] = "a"
    renamed.classes[11] = "b"
    let set = try EvaluationSet(data, role: .general, classes: renamed.classes)
    #expect(set.columns == [[100], [], [11]] && set.answerCount == 2)
    let answers = try evaluator.predictions(of: renamed, on: set)
    #expect(Set(answers.predicted).isSubset(of: [0, 2]))
  }

  @Test func setsOverOneListShareTheZeroShotHead() throws {
    let log = EventLog()
    let names = ["maple leaf", "missile", "owl", "missile", "red kite", "sunglasses"]
    func set(_ name: String, _ columns: [[Int]]) throws -> Dataset {
      var data = try TinyStudy.testSet().dataset
      data.name = name
      data.classMap = ClassMap(list: "list-6", names: names, columns: columns)
      data.metrics = [.top1, .top1OfAll]
      return data
    }
    let comparison = ModelComparison(
      try ModelComparison.read([TinyStudy.model]), prompts: "simple", context: log.context())
    let rows = try comparison.rows(
      on: [set("one", [[0], [2], [4]]), set("two", [[0], [1, 2], [4]])])
    #expect(rows.map(\.set) == ["one", "one", "two", "two"])
    #expect(rows.map(\.metric) == ["top1", "top1-of-all", "top1", "top1-of-all"])
    #expect(Set(rows.map(\.weights)).count == 1)
    let stages = log.events.compactMap { if case .stage(let text) = $0 { text } else { nil } }
    #expect(
      stages.filter { $0.hasPrefix("Encoding") } == ["Encoding 1 prompts for each of 6 classes"])
    #expect(stages.contains { $0.hasPrefix("Scoring one: 9 images, 3 classes, split test; ") })
    #expect(stages.contains { $0.hasSuffix("classes of list-6 (6); top1, top1-of-all") })
    // The list in its order is what the head is made for, so all competing never does better.
    for pair in [rows[0...1], rows[2...3]] {
      #expect(pair.last.map(\.value) ?? 2 <= pair.first.map(\.value) ?? -1)
    }
  }

  @Test func aListMayBeRenamedByAFile() throws {
    try withTemporaryFolder { folder in
      let names = ["leaf", "x", "bird", "y", "kite"]
      var data = try TinyStudy.testSet().dataset
      data.classMap = ClassMap(list: "list-5", names: names, columns: [[0], [2], [4]])
      let models = try ModelComparison.read([TinyStudy.model])
      func weights(_ lines: [String]?) throws -> String? {
        let file = folder + "/names.txt"
        if let lines { try AtomicFile.write(lines.joined(separator: "\n"), to: file) }
        return try ModelComparison(
          models, classesFile: lines == nil ? nil : file, prompts: "simple", context: RunContext()
        ).rows(on: [data]).first?.weights
      }
      let plain = try weights(nil)
      #expect(try weights(names) == plain)
      #expect(try weights(["oak leaf", "x", "owl", "y", "milan"]) != plain)
      expectProblem(.badData, containing: "2 class names", "5 classes") {
        try weights(["a", "b"])
      }
    }
  }

  @Test func aMeanOverCorruptionsNeedsAllOfThem() throws {
    let log = EventLog()
    func sets(_ corruptions: [String]) throws -> [Dataset] {
      try corruptions.map { name in
        var data = try TinyStudy.testSet().dataset
        data.name = "imagenet-c/\(name)"
        data.kind = "imagenet-c"
        data.metrics = [.top1, .mCE]
        data.conditions = ["missing": .integer(1)]
        return data
      }
    }
    let models = try ModelComparison.read([TinyStudy.model])
    let comparison = ModelComparison(models, prompts: "simple", context: log.context())
    let all = ImageNetC.corruptions + ImageNetC.extraCorruptions
    let rows = try comparison.rows(on: sets(all))
    #expect(rows.count == 20 && rows.dropLast().allSatisfy { $0.metric == "top1" })
    let mean = try #require(rows.last)
    #expect(mean.set == "imagenet-c" && mean.metric == "mce" && mean.n == 15 * 9)
    #expect(mean.data == ["missing": .integer(15)])
    // All corruptions show the same images here.
    let weight =
      ImageNetC.corruptions.reduce(0) { $0 + 1 / (ImageNetC.alexNetErrors[$1] ?? 0) } / 15
    expectClose(mean.value, (1 - rows[0].value) * weight, relative: 1e-12)
    expectClose(
      mean.ci95, [1 - rows[0].ci95[1], 1 - rows[0].ci95[0]].map { $0 * weight }, relative: 1e-12)
    let reported = log.events.compactMap { if case .measured(let row) = $0 { row } else { nil } }
    #expect(reported == rows)
    let partial = try comparison.rows(on: sets(Array(all.dropFirst())))
    #expect(partial.allSatisfy { $0.metric == "top1" })
  }
}
