import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

/// What of a data set may be scored after training on it, and images without labels.
@Suite struct OwnTestPartTests {
  /// Makes empty files; only names matter here.
  static func tree(_ folder: String, _ paths: [String]) throws {
    for path in paths { try AtomicFile.write("", to: "\(folder)/\(path)") }
  }

  @Test(
    arguments: [
      (["train/a/1.jpg", "val/a/1.jpg", "test/a/1.jpg"], "test"),
      (["train/a/1.jpg", "val/a/1.jpg"], "val"),
      (["train/a/1.jpg"], nil), (["a/1.jpg", "b/1.jpg"], nil),
    ] as [([String], String?)])
  func testThenValidationNeverTraining(_ paths: [String], _ split: String?) throws {
    try withTemporaryFolder { folder in
      try Self.tree(folder, paths)
      for text in [folder, folder + "#train", "folder:" + folder] {
        let part = try DatasetSpecifier.parse(text).ownTestPart()
        #expect(part?.split == split, "\(text)")
        guard let part else { continue }
        let again = try DatasetSpecifier.parse(part.text)
        #expect(again == part)
        #expect(try again.open(for: .evaluation).first?.split == split)
      }
    }
  }

  @Test func whatIsMissingStaysAnErrorOfTraining() throws {
    #expect(try DatasetSpecifier(path: "/nowhere/at/all").ownTestPart() == nil)
  }

  @Test func lookingTakesTheTrainingPartFirst() throws {
    try withTemporaryFolder { folder in
      try Self.tree(folder, ["test/a/1.jpg"])
      #expect(try DatasetSpecifier.parse(folder).openToLook().first?.split == "test")
      try Self.tree(folder, ["train/a/1.jpg"])
      #expect(try DatasetSpecifier.parse(folder).openToLook().first?.split == "train")
      expectProblem(.missingInput, containing: "nowhere") {
        try DatasetSpecifier.parse(folder + "/nowhere").openToLook()
      }
    }
  }

  @Test func imagesAreListedInByteOrder() throws {
    try withTemporaryFolder { folder in
      try Self.tree(
        folder, ["d/b.png", "d/B.JPG", "d/a/z.webp", "d/notes.txt", "d/.hidden.png", "x.data"])
      let found = try ImagePaths.list([folder + "/x.data", folder + "/d"])
      #expect(
        found == ["x.data", "d/B.JPG", "d/a/z.webp", "d/b.png"].map { "\(folder)/\($0)" })
      expectProblem(.missingInput, containing: "gone") { try ImagePaths.list([folder + "/gone"]) }
      try FileManager.default.createDirectory(
        atPath: folder + "/empty", withIntermediateDirectories: true)
      expectProblem(.badData, containing: "empty") { try ImagePaths.list([folder + "/empty"]) }
    }
  }
}
