import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

/// DomainNet with its lists: labels, names, counts, and the split of 40 classes.
@Suite struct DomainNetTests {
  private func open(
    _ text: String, for purpose: DatasetPurpose = .evaluation, allowMissing: Bool = true
  ) throws -> [Dataset] {
    try DatasetSpecifier.parse(text).open(for: purpose, allowMissing: allowMissing)
  }

  /// The label of each class folder in a data set's samples.
  static func labels(_ set: Dataset) -> [String: Int] {
    Dictionary(set.samples.map { (String($0.path.split(separator: "/")[1]), $0.label) }) { a, _ in a
    }
  }

  @Test(arguments: ["DOMAIN_SPLIT.txt", "splits/DOMAIN_SPLIT.txt"])
  func labelsAndNamesAreTheLists(lists: String) throws {
    try withTemporaryFolder { folder in
      let tree = DomainNetTree(root: folder + "/net")
      try tree.listed(["real", "quickdraw"], lists: lists)
      let sets = try open(tree.root)
      #expect(sets.map(\.name) == ["net/quickdraw", "net/real"])
      for set in sets {
        #expect(Self.labels(set) == DomainNetTree.classes)
        #expect(set.classes.count == 345)
        #expect(set.classes[327] == "t-shirt")
        #expect(set.classes[303] == "teddy-bear")
        #expect(set.classes[308] == "The Eiffel Tower")
        #expect(set.classes[0] == "aircraft carrier")
        #expect(set.split == "test")
        #expect(set.rule.contains("the number in the domain's list"))
        #expect(set.conditions["unnamed_classes"] == .integer(333))
      }
      let train = try #require(try open("domainnet:\(tree.root)/real", for: .training).first)
      #expect(train.samples.allSatisfy { $0.path.hasSuffix("000001.jpg") && $0.domain == "real" })
      // Classes that no list names are no matter of counting: without leave they are an error.
      expectProblem(.badData, containing: "no list has the label 2", "(333 labels") {
        try open(tree.root, allowMissing: false)
      }
    }
  }

  @Test func aShortCopyIsAnErrorThatCounts() throws {
    try withTemporaryFolder { folder in
      let tree = DomainNetTree(root: folder)
      try tree.listed(["quickdraw"], classes: DomainNetTree.allClasses)
      expectProblem(
        .missingInput, containing: "quickdraw: 345 images, a complete copy has 51750"
      ) {
        try open(folder + "/quickdraw", allowMissing: false)
      }
      let set = try #require(try open(folder + "/quickdraw").first)
      #expect(set.conditions == ["missing": .integer(51_750 - 345)])
      #expect(Self.labels(set) == DomainNetTree.allClasses)
      let train = try #require(try open(folder + "/quickdraw", for: .training).first)
      #expect(train.expectedImages == 120_750)
      #expect(try open(folder + "/quickdraw#all").first?.expectedImages == 172_500)
    }
  }

  @Test(
    arguments: [
      (345, 14_604), (14_604, 14_604), (14_605, 14_814), (14_814, 14_814), (20_000, 14_814),
    ])
  func theVersionOfTheListsIsToldByTheirLength(lines: Int, expected: Int) throws {
    try withTemporaryFolder { folder in
      let classes = DomainNetTree.allClasses.sorted { $0.value < $1.value }
      try touch(folder, [DomainNetTree.image("clipart", classes[0].key, 0, 1)])
      let text = (0..<lines).map { line in
        let (name, label) = classes[line % 345]
        return "\(DomainNetTree.image("clipart", name, label, line / 345 + 1)) \(label)\n"
      }
      try plant(folder, "clipart_test.txt", text: text.joined())
      let set = try #require(try open(folder).first)
      #expect(set.expectedImages == expected)
      #expect(set.conditions == ["missing": .integer(expected - 1)])
    }
  }

  @Test func aValidationListIsCutFromTheTrainList() throws {
    try withTemporaryFolder { folder in
      let tree = DomainNetTree(root: folder)
      try tree.listed(["real"], classes: DomainNetTree.allClasses)
      try tree.listed(["real"], classes: DomainNetTree.allClasses, lists: "DOMAIN_val.txt")
      let train = try open(folder, for: .training, allowMissing: false)
      #expect(train.first?.expectedImages == 345)
      #expect(try open(folder, for: .validation, allowMissing: false).first?.split == "val")
      // The two lists that share their images are read once.
      #expect(try open(folder + "#all").first?.samples.count == 690)
    }
  }

  @Test func paintingAloneLacksTShirts() throws {
    try withTemporaryFolder { folder in
      var classes = DomainNetTree.allClasses
      classes["t-shirt"] = nil
      try DomainNetTree(root: folder).listed(["painting"], classes: classes)
      let set = try #require(try open(folder).first)
      #expect(set.classes.count == 345)
      #expect(set.classes[327] == "t-shirt")
      #expect(set.conditions["unnamed_classes"] == nil)
      #expect(set.countsPerClass[327] == 0)
      classes["tiger"] = nil
      try DomainNetTree(root: folder).listed(["painting"], classes: classes)
      expectProblem(.badData, containing: "no list has the label 311") {
        try open(folder, allowMissing: false)
      }
    }
  }

  @Test func anotherDomainsListsNameTheClass() throws {
    try withTemporaryFolder { folder in
      let tree = DomainNetTree(root: folder)
      var classes = ["owl": 0, "shirt": 1, "whale": 2]
      try tree.listed(["real"], classes: classes)
      classes["shirt"] = nil
      try tree.listed(["painting"], classes: classes)
      let set = try #require(try open(folder + "/painting", allowMissing: false).first)
      #expect(set.classes == ["owl", "shirt", "whale"])
      #expect(set.expectedImages == 2)
      #expect(set.conditions.isEmpty)
    }
  }

  @Test func missingFilesAreLeftOutAndCounted() throws {
    try withTemporaryFolder { folder in
      let tree = DomainNetTree(root: folder)
      try tree.listed(["real"], classes: ["owl": 0, "whale": 1])
      try FileManager.default.removeItem(atPath: folder + "/real/owl")
      expectProblem(.missingInput, containing: "1 of 2 listed images are missing") {
        try open(folder, allowMissing: false)
      }
      let set = try #require(try open(folder).first)
      #expect(set.samples.map(\.label) == [1])
      #expect(set.expectedImages == 2)
      #expect(set.conditions == ["missing": .integer(1)])
      try FileManager.default.removeItem(atPath: folder + "/real/whale")
      expectProblem(.missingInput, containing: "2 of 2 listed images") { try open(folder) }
    }
  }

  /// Three classes of the 40, with their labels among the 40.
  private static let few = ["airplane": 0, "bird": 1, "zebra": 2]

  private func withFewClasses<R>(full: Bool, _ body: (String) throws -> R) throws -> R {
    try withTemporaryFolder { folder in
      let tree = DomainNetTree(root: folder + "/net")
      if full { try tree.listed(["real", "sketch"]) }
      try tree.listed(
        ["real", "sketch"], classes: ["airplane": 1, "bird": 31, "zebra": 343],
        lists: "SENTRY_splits/DOMAIN_SPLIT_mini.txt", numbered: Self.few)
      return try body(tree.root)
    }
  }

  @Test func theFewClassesHaveTheirOwnLabels() throws {
    try withFewClasses(full: true) { root in
      for text in [
        "domainnet:\(root)?classes=40", "\(root)/*?classes=40", "\(root)/SENTRY_splits",
      ] {
        let sets = try open(text, allowMissing: false)
        #expect(sets.map(\.name) == ["net-40/real", "net-40/sketch"])
        #expect(sets.allSatisfy { $0.kind == "domainnet" && $0.rule.contains("40 classes") })
        #expect(sets.map(Self.labels) == [Self.few, Self.few])
        #expect(sets.allSatisfy { $0.classes == ["airplane", "bird", "zebra"] })
      }
      let one = try open("\(root)/SENTRY_splits/sketch", for: .training, allowMissing: false)
      #expect(one.map(\.name) == ["net-40/sketch"])
      #expect(one.first?.root == root)
      // The full lists come first where nothing is said.
      #expect(try open(root).first?.classes.count == 345)
      #expect(try open(root + "?classes=345").first?.name == "net/real")
    }
  }

  @Test func theFewClassesAreTakenWhereThereAreNoOthers() throws {
    try withFewClasses(full: false) { root in
      let sets = try open(root)
      #expect(sets.map(\.name) == ["net-40/real", "net-40/sketch"])
      #expect(try open(root + "/real").map(\.name) == ["net-40/real"])
    }
  }

  @Test func theNumberOfClassesIsChecked() throws {
    try withTemporaryFolder { folder in
      try DomainNetTree(root: folder).listed(["real"])
      expectProblem(.usage, containing: "classes=41") { try open("domainnet:\(folder)?classes=41") }
      expectProblem(.badData, containing: "no lists <domain>_train_mini.txt") {
        try open("domainnet:\(folder)?classes=40")
      }
      expectProblem(.usage, containing: "no option 'border'") {
        try open("domainnet:\(folder)?border=2")
      }
      expectProblem(.missingInput, containing: "no such folder") {
        try open("domainnet:\(folder)/nothing/here")
      }
    }
  }
}
