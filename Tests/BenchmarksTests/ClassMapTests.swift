import Basics
import Benchmarks
import TestSupport
import Testing

/// Classes that are part of a larger list, and the heads that a set of them can be scored with.
@Suite struct ClassMapTests {
  /// A list with two entries of one name, as ImageNet's "missile" and "sunglasses".
  private static let list = ["chair", "missile", "rocking chair", "pen", "missile", "owl"]

  /// Furniture (two entries), missile (the second of the name) and owl.
  private func mapped(_ labels: [Int] = [0, 1, 2, 0]) -> Dataset {
    Dataset(
      name: "objects", kind: "k", rule: "by hand", split: "test", root: "/r",
      classes: ["Chair", "Rocket", "Owl"],
      samples: labels.enumerated().map { .init(path: "\($0.offset).png", label: $0.element) },
      classMap: ClassMap(list: "list-6", names: Self.list, columns: [[0, 2], [4], [5]]))
  }

  @Test func theListItselfTakesColumnsAsTheyAre() throws {
    #expect(mapped().headClasses == Self.list)
    #expect(try mapped().columns(in: Self.list) == [[0, 2], [4], [5]])
    let plain = Dataset(
      name: "s", kind: "k", rule: "r", split: "all", root: "/r", classes: ["a"], samples: [])
    #expect(try plain.columns(in: ["a", "b"]) == nil && plain.headClasses == ["a"])
  }

  @Test func anotherListIsMatchedByName() throws {
    let head = ["owl", "pen", "rocking chair", "cat", "chair"]
    #expect(try mapped([0, 2]).columns(in: head) == [[4, 2], [], [0]])
    // Images of a class without a counterpart could only be counted wrong.
    expectProblem(.badData, containing: "'missile'", "5 classes") {
      try mapped([0, 1]).columns(in: head)
    }
    let error = expectProblem(.badData, containing: "'rocking chair'", "nearest is 'rocking hair'")
    {
      try mapped([0]).columns(in: ["chair", "rocking hair"])
    }
    #expect(error?.problem.contains("'Chair'") == false)
  }

  @Test func namesThatComeTwiceNeedTheSameList() throws {
    var reversed = Self.list
    reversed.reverse()
    expectProblem(.badData, containing: "'missile' stands for 2 classes") {
      try mapped([1]).columns(in: reversed)
    }
    // Where one of two entries of a name is left, each class takes it for its own.
    var both = mapped([0, 1])
    both.classMap?.columns = [[1], [4], [5]]
    expectProblem(.badData, containing: "'Chair' and 'Rocket'", "'missile'") {
      try both.columns(in: ["missile", "owl"])
    }
  }

  @Test func aHeadForTheSetsOwnClassesServesToo() throws {
    #expect(try mapped().columns(in: ["Owl", "Rocket", "Chair"]) == [[2], [1], [0]])
  }

  @Test func aMapThatDoesNotFitIsOurMistake() {
    for columns in [[[0]], [[0], [1], [6]], [[0], [1], [-1]]] {
      var wrong = mapped()
      wrong.classMap?.columns = columns
      expectProblem(.internalError, containing: "objects") { try wrong.columns(in: Self.list) }
    }
  }

  @Test func labelsToTrainOnAreRowsOfTheHead() throws {
    var single = mapped([0, 1, 2])
    single.classMap?.columns = [[3], [4], [5]]
    let placed = try single.labelled(for: Self.list)
    #expect(placed.samples.map(\.label) == [3, 4, 5])
    #expect(placed.classes == Self.list && placed.classMap == nil)
    let error = expectProblem(.usage, containing: "'Chair'", "2 classes") {
      try mapped().labelled(for: Self.list)
    }
    #expect(error?.remedy.contains("evaluate") == true)
    var plain = single
    plain.classMap = nil
    #expect(
      try plain.labelled(for: ["Owl", "Chair", "Rocket"]).samples.map(\.label) == [1, 2, 0])
  }

  @Test func newNamesGoWhereTheHeadHasThem() {
    var set = mapped()
    set.headClasses = Self.list.map { $0.uppercased() }
    #expect(set.classMap?.names.first == "CHAIR" && set.classes == ["Chair", "Rocket", "Owl"])
    set.classMap = nil
    set.headClasses = ["a", "b", "c"]
    #expect(set.classes == ["a", "b", "c"])
  }

  @Test func aSummaryNamesRuleListAndConditions() {
    var set = mapped()
    #expect(
      set.summary == "objects: 4 images, 3 classes, split test; by hand; classes of list-6 (6)")
    set.conditions = ["missing": .integer(12), "border": .integer(2)]
    #expect(set.summary.hasSuffix("(6); border 2, missing 12"))
  }

  @Test func metricsHaveNames() throws {
    #expect(try DatasetMetric.named(["macro-f1", "top1"]) == [.macroF1, .top1])
    let names = DatasetMetric.allCases.map(\.rawValue)
    #expect(try DatasetMetric.named(names) == DatasetMetric.allCases)
    let error = expectProblem(.usage, containing: "'macro-f2'") {
      try DatasetMetric.named(["macro-f2"])
    }
    #expect(error?.remedy.contains("Did you mean macro-f1?") == true)
    expectProblem(.usage, containing: "'accuracy'") { try DatasetMetric.named(["accuracy"]) }
    expectProblem(.usage, containing: "twice") { try DatasetMetric.named(["top1", "top1"]) }
    expectProblem(.usage, containing: "no metric") { try DatasetMetric.named([]) }
  }

  @Test func aSetSupportsWhatItHasImagesFor() {
    var set = mapped()
    #expect(
      DatasetMetric.allCases.filter(set.supports) == [.top1, .top1OfAll, .meanPerClass, .macroF1])
    set.classMap = nil
    set.classes = ["a", "b", "c", "d", "e", "f"]
    set.samples[0].group = "Asia"
    set.metrics = [.top1, .mCE]
    #expect(
      DatasetMetric.allCases.filter(set.supports)
        == [.top1, .top5, .meanPerClass, .macroF1, .worstGroup, .mCE])
  }
}
