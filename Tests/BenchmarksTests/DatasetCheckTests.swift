import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

/// What `data check` finds wrong, all at once.
@Suite struct DatasetCheckTests {
  @Test func badImagesAreFound() throws {
    try withTemporaryFolder { folder in
      let good = try Fixtures.data("training/images/test/owl/00.png")
      // The name's ending may be that of another format.
      try AtomicFile.write(good, to: folder + "/a/1.JPEG")
      try AtomicFile.write(good.prefix(100), to: folder + "/a/2.png")
      try AtomicFile.write("text", to: folder + "/b/3.png")
      try AtomicFile.write(Fixtures.data("images/bomb.png"), to: folder + "/b/4.png")
      let set = try DatasetSpecifier.parse(folder).open(for: .training)[0]
      var last = (0, 0)
      let bad = try set.unreadableImages(threads: 2) { last = ($0, $1) }
      #expect(bad.map(\.path) == ["a/2.png", "b/3.png", "b/4.png"].map { "\(folder)/\($0)" })
      #expect(bad.last?.reason.contains("60000 x 60000") == true)
      #expect(last == (4, 4))
    }
  }

  @Test func missingFilesAndBadOnesAreListedTogether() throws {
    try withTemporaryFolder { folder in
      let good = try Fixtures.data("training/images/test/owl/00.png")
      try AtomicFile.write(good, to: folder + "/1.png")
      try AtomicFile.write(good.prefix(50), to: folder + "/2.png")
      try plant(folder, "l.csv", text: "path,label\n3.png,x\n1.png,x\n2.png,y\n4.png,y\n")
      let set = try #require(
        try DatasetSpecifier.parse(folder + "/l.csv").open(for: .training, allowMissing: true)
          .first)
      #expect(set.conditions == ["missing": .integer(2)])
      let problems = try set.problems(threads: 1)
      #expect(problems.map(\.kind) == [.missing, .missing, .bad])
      #expect(
        problems.map(\.subject) == ["3.png", "4.png", "2.png"].map { "\(folder)/\($0)" })
      #expect(problems.allSatisfy { !$0.reason.isEmpty && !$0.reason.contains("\n") })
    }
  }

  @Test func countsThatDifferAreListed() throws {
    var set = Dataset(
      name: "s", kind: "k", rule: "r", split: "all", root: Fixtures.path("training/images/test"),
      classes: ["owl", "kite", "leaf"],
      samples: (0..<3).map { .init(path: "owl/0\($0).png", label: 0) })
    #expect(try set.problems(threads: 1).isEmpty)
    set.expectedImages = 5
    #expect(
      try set.problems(threads: 1) == [
        DatasetProblem(.missing, "s", reason: "3 images, a complete copy has 5")
      ])
    set.expectedPerClass = [2, 0, 3]
    #expect(
      try set.problems(threads: 1) == [
        DatasetProblem(.bad, "class 'owl'", reason: "3 images, a complete copy has 2"),
        DatasetProblem(.missing, "class 'leaf'", reason: "0 images, a complete copy has 3"),
      ])
  }

  @Test func theCheckCanBeStopped() {
    let set = Dataset(
      name: "s", kind: "k", rule: "r", split: "all", root: Fixtures.path("training/images/test"),
      classes: ["owl"], samples: [.init(path: "owl/00.png", label: 0)])
    expectProblem(.interrupted, containing: "enough") {
      try set.problems(threads: 1) { _, _ in
        throw HoldfastError(.interrupted, "enough", remedy: "None.")
      }
    }
  }
}
