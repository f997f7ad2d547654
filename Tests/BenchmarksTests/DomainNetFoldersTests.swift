import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

/// DomainNet without lists, as DomainBed keeps it.
@Suite struct DomainNetFoldersTests {
  private func open(
    _ text: String, for purpose: DatasetPurpose = .evaluation, allowMissing: Bool = true
  ) throws -> [Dataset] {
    try DatasetSpecifier.parse(text).open(for: purpose, allowMissing: allowMissing)
  }

  @discardableResult
  private func withTree<R>(
    _ domains: [String] = ["clipart", "real", "sketch"],
    classes: [String: Int] = DomainNetTree.classes, _ body: (DomainNetTree) throws -> R
  ) throws -> R {
    try withTemporaryFolder { folder in
      let tree = DomainNetTree(root: folder + "/domain_net")
      try tree.images(domains, classes: classes)
      return try body(tree)
    }
  }

  @Test func labelsAreTheNumbersInTheNames() throws {
    try withTree { tree in
      for text in [tree.root, tree.root + "/*", "domainnet:" + tree.root] {
        let sets = try open(text)
        #expect(sets.map(\.name) == ["domain_net/clipart", "domain_net/real", "domain_net/sketch"])
        for set in sets {
          #expect(DomainNetTests.labels(set) == DomainNetTree.classes)
          #expect(set.split == "all")
          #expect(set.rule.contains("the number in the file names minus 1"))
          #expect(set.classes[308] == "The Eiffel Tower")
          // In byte order the three would be 0 to 2 of the twelve, and t-shirt before table.
          #expect(set.samples.first { $0.path.contains("The_Mona_Lisa") }?.label == 310)
        }
        #expect(sets[1].expectedImages == 172_947)
        #expect(sets[1].conditions["missing"] == .integer(172_947 - 12))
      }
      let one = try open(tree.root + "/sketch", for: .training)
      #expect(one.map(\.name) == ["domain_net/sketch"])
      #expect(one[0].samples.allSatisfy { $0.domain == "sketch" })
      #expect(try open(tree.root, for: .validation).isEmpty)
      expectProblem(.missingInput, containing: "no split 'test'") { try open(tree.root + "#test") }
      expectProblem(.badData, containing: "no file name has the label 2") {
        try open(tree.root, allowMissing: false)
      }
    }
  }

  @Test func aCopyWithAllClassesIsHeldAgainstTheCount() throws {
    try withTree(["infograph"], classes: DomainNetTree.allClasses) { tree in
      expectProblem(.missingInput, containing: "345 images, a complete copy has 51605") {
        try open("domainnet:" + tree.root, allowMissing: false)
      }
    }
  }

  @Test func aFewDomainsAreRecognised() throws {
    try withTree(["real", "sketch"]) { tree in
      let named = try open("domainnet:\(tree.root)/real")
      #expect(named.first?.samples.count == 12)
      // Two such folders may be anyone's classes.
      #expect(try open(tree.root).first?.kind == "folder")
    }
    try withTemporaryFolder { folder in
      try touch(folder, ["clipart/a.jpg", "real/b.jpg", "sketch/c.jpg"])
      #expect(try open(folder).first?.kind == "folder")
    }
  }

  @Test func duplicatesAreLeftOut() throws {
    try withTree { tree in
      let twice = DomainNetTree.image("real", "zebra", 343)
      try plant(
        tree.root, "domain_net_duplicates.txt",
        text: "\(twice)\r\n\nclipart/none/clipart_001_000001.jpg\n")
      let sets = try open(tree.root)
      #expect(sets.map(\.samples.count) == [12, 11, 12])
      #expect(sets[1].ignoredFiles == 1)
      #expect(!sets[1].samples.contains { $0.path == twice })
    }
  }

  @Test(arguments: [
    ("real/zebra/real_001_000009.jpg", "real_001_000009.jpg: the label 0 is the class 'zebra'"),
    ("real/horse/real_344_000001.jpg", "the label 343 is the class"),
    ("real/zebra/real_150_000001.jpg", "the class 'zebra' has the label"),
    ("sketch/zebra/sketch_150_000001.jpg", "sketch_150_000001.jpg: the class 'zebra'"),
    ("real/horse/1.jpg", "real/horse: no file name in this class tells its label"),
    ("real/horse/real_346_000001.jpg", "real/horse: no file name"),
    ("real/horse/real_99999999999999999999_1.jpg", "real/horse: no file name"),
    ("real/horse/real_149_.jpg", "real/horse: no file name"),
    ("real/horse/real_+149_000001.jpg", "real/horse: no file name"),
  ])
  func namesThatDisagreeAreNamed(path: String, words: String) throws {
    try withTree { tree in
      try touch(tree.root, [path])
      expectProblem(.badData, containing: words) { try open(tree.root) }
    }
  }

  @Test func anotherDomainTellsTheLabel() throws {
    try withTree { tree in
      try touch(tree.root, ["real/horse/mine.jpg", "real/readme.txt", "real/zebra/notes.md"])
      try touch(tree.root, [DomainNetTree.image("clipart", "horse", 147)])
      let set = try #require(try open(tree.root + "/real").first)
      #expect(DomainNetTests.labels(set)["horse"] == 147)
      #expect(set.ignoredFiles == 2)
    }
  }

  @Test func withoutNumbersTheOfficialOrderCounts() throws {
    try withTemporaryFolder { folder in
      let folders = DomainNetTree.allClasses
      // No domain has all classes; both together have.
      try touch(
        folder, folders.filter { $0.key != "t-shirt" }.map { "painting/\($0.key)/a.jpg" })
      try touch(folder, ["table", "t-shirt", "The_Eiffel_Tower"].map { "real/\($0)/b.jpg" })
      let sets = try open("domainnet:" + folder)
      let rank = Dictionary(
        uniqueKeysWithValues: folders.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
          .enumerated().map { ($1, $0) })
      #expect(rank["t-shirt"] != 327)
      #expect(
        DomainNetTests.labels(sets[1]) == ["table": 301, "t-shirt": 327, "The_Eiffel_Tower": 308])
      #expect(DomainNetTests.labels(sets[0]) == folders.filter { $0.key != "t-shirt" })
      #expect(sets[0].rule.contains("alphabetical order"))
      try FileManager.default.removeItem(atPath: folder + "/real/t-shirt")
      expectProblem(.badData, containing: "of 345 class folders there are 344") {
        try open("domainnet:" + folder)
      }
    }
  }
}
