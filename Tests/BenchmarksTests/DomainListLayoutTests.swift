import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct DomainListLayoutTests {
  /// Two domains of two classes; `sketch` lacks a class and has no validation list.
  private func withDomains<R>(
    lists: String = "", _ body: (String) throws -> R
  ) throws -> R {
    try withTemporaryFolder { folder in
      let root = folder + "/net"
      let real = ["real/t-shirt/real_001_000001.jpg", "real/big_whale/real_002_000001.jpg"]
      let sketch = "sketch/big_whale/sketch_002_000007.jpg"
      for path in real + [sketch] { try plant(root, path) }
      try plant(root, lists + "real_train.txt", text: "\(real[1]) 1\r\n\n\(real[0]) 0\n")
      try plant(root, lists + "real_val.txt", text: "\(real[0]) 0\n")
      try plant(root, lists + "real_test.txt", text: "\(real[1]) 1")
      try plant(root, lists + "sketch_test.txt", text: "\(sketch) 1\n")
      return try body(root)
    }
  }

  @Test(arguments: ["", "splits/"])
  func theRootOpensEveryDomain(lists: String) throws {
    try withDomains(lists: lists) { root in
      for path in [root, root + "/", root + "/*"] {
        let sets = try DatasetSpecifier.parse(path).open(for: .evaluation)
        #expect(sets.map(\.name) == ["net/real", "net/sketch"])
        #expect(sets.map(\.kind) == ["domainnet", "domainnet"])
        #expect(sets.map(\.classes) == [["t-shirt", "big whale"], ["t-shirt", "big whale"]])
        #expect(
          sets[1].samples == [
            .init(path: "sketch/big_whale/sketch_002_000007.jpg", label: 1, domain: "sketch")
          ])
      }
    }
  }

  @Test func aDomainIsOpenedAlone() throws {
    try withDomains { root in
      let specifier = try DatasetSpecifier.parse("domainnet:" + root + "/real")
      let train = try #require(try specifier.open(for: .training).first)
      #expect(train.split == "train")
      #expect(train.samples.map(\.label) == [1, 0])
      #expect(train.root == root)
      #expect(try specifier.open(for: .validation).first?.samples.count == 1)
      let sketch = try DatasetSpecifier.parse(root + "/sketch")
      #expect(try sketch.open(for: .validation).isEmpty)
      #expect(try sketch.open(for: .evaluation).first?.classes.count == 2)
      expectProblem(.missingInput, containing: "no train split") {
        try sketch.open(for: .training)
      }
    }
  }

  @Test(arguments: [
    ("real/../../x/a.jpg 0", "real_train.txt:1: the path"),
    ("/etc/x/a.jpg 0", "real_train.txt:1: the path"),
    ("real/t-shirt/real_001_000001.jpg", "real_train.txt:1:"),
    ("real/t-shirt/real_001_000001.jpg x", "real_train.txt:1:"),
    ("real/t-shirt/real_001_000001.jpg -1", "real_train.txt:1: the label -1 is out of range"),
    (
      "real/t-shirt/real_001_000001.jpg 99999999999999999999", "real_train.txt:1:"
    ),
    ("real/t-shirt/a.jpg 0\nreal/other/b.jpg 0", "real_train.txt:2: the label 0 is the class"),
    ("real/t-shirt/a.jpg 0\nreal/t-shirt/b.jpg 2", "real_train.txt:2: the class 't-shirt'"),
    ("real/big_whale/a.jpg 3", "the class 'big_whale'"),
    ("real/new/a.jpg 3", "no list has the label 2"),
  ])
  func badListsNameTheLine(line: String, words: String) throws {
    try withDomains { root in
      try plant(root, "real_train.txt", text: line)
      expectProblem(.badData, containing: words) {
        try DatasetSpecifier.parse(root).open(for: .evaluation)
      }
    }
  }

  @Test func missingFilesAreCounted() throws {
    try withDomains { root in
      try plant(
        root, "real_test.txt",
        text: "real/t-shirt/real_001_000001.jpg 0\nreal/t-shirt/x.jpg 0\nreal/t-shirt/y.jpg 0\n")
      expectProblem(
        .missingInput, containing: "real_test.txt:2: real/t-shirt/x.jpg is not there", "2 of 3"
      ) {
        try DatasetSpecifier.parse(root + "/real").open(for: .evaluation)
      }
      expectProblem(.badData, containing: "no lists") {
        try DatasetSpecifier.parse("domainnet:" + root + "/real/t-shirt").open(for: .training)
      }
    }
  }
}
