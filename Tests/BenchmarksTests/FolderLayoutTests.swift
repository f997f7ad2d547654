import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct FolderLayoutTests {
  private func open(
    _ path: String, for purpose: DatasetPurpose = .evaluation
  ) throws -> [Dataset] {
    try DatasetSpecifier.parse(path).open(for: purpose)
  }

  @Test func classFoldersAreClassesInByteOrder() throws {
    try withTemporaryFolder { root in
      try plant(
        root, "pets/tabby_cat/b.JPG", "pets/tabby_cat/a.png", "pets/Dog/x/y/1.webp",
        "pets/é/z.jpeg",
        "pets/README.txt", "pets/Dog/notes.md", "pets/Dog/.DS_Store", "pets/.git/config.jpg")
      let set = try #require(try open(root + "/pets").first)
      #expect(set.name == "pets")
      #expect(set.kind == "folder")
      #expect(set.split == "all")
      #expect(set.classes == ["Dog", "tabby cat", "é"])
      #expect(
        set.samples.map(\.path) == [
          "Dog/x/y/1.webp", "tabby_cat/a.png", "tabby_cat/b.JPG", "é/z.jpeg",
        ])
      #expect(set.samples.map(\.label) == [0, 1, 1, 2])
      #expect(set.countsPerClass == [1, 2, 1])
      #expect(set.ignoredFiles == 3)
      #expect(set.path(of: set.samples[0]) == root + "/pets/Dog/x/y/1.webp")
    }
  }

  @Test(arguments: [
    (DatasetPurpose.training, ["train/a/1.jpg", "train/c/2.jpg"], "train"),
    (.evaluation, ["test/b/3.jpg"], "test"),
    (.validation, ["valid/a/4.jpg"], "val"),
  ])
  func thePurposeChoosesTheSplit(purpose: DatasetPurpose, paths: [String], split: String) throws {
    try withTemporaryFolder { root in
      try plant(root, "train/a/1.jpg", "train/c/2.jpg", "test/b/3.jpg", "valid/a/4.jpg")
      let set = try #require(try open(root, for: purpose).first)
      #expect(set.samples.map(\.path) == paths)
      #expect(set.split == split)
      // A class that a split lacks shifts no label.
      #expect(set.classes == ["a", "b", "c"])
      for sample in set.samples {
        #expect(set.classes[sample.label] == sample.path.split(separator: "/")[1])
      }
    }
  }

  @Test func aSuffixForcesTheSplit() throws {
    try withTemporaryFolder { root in
      try plant(root, "train/a/1.jpg", "val/a/2.jpg")
      #expect(try open(root + "#train").first?.samples.map(\.path) == ["train/a/1.jpg"])
      #expect(try open(root + "#validation").first?.split == "val")
      #expect(try open(root + "#all").first?.samples.count == 2)
      #expect(try open(root).first?.split == "val")
      expectProblem(.missingInput, containing: "no split 'test'") { try open(root + "#test") }
    }
  }

  @Test func withoutAValidationSplitThereIsNoValidationSet() throws {
    try withTemporaryFolder { root in
      try plant(root, "flat/a/1.jpg", "split/train/a/1.jpg", "split/test/a/1.jpg")
      #expect(try open(root + "/flat", for: .validation).isEmpty)
      #expect(try open(root + "/split", for: .validation).isEmpty)
      #expect(try open(root + "/flat#all", for: .validation).count == 1)
      expectProblem(.missingInput, containing: "not split") { try open(root + "/flat#val") }
    }
  }

  @Test func aTrainFolderOfImagesIsAClass() throws {
    try withTemporaryFolder { root in
      try plant(root, "vehicles/car/1.jpg", "vehicles/train/2.jpg", "vehicles/train/side/3.jpg")
      let set = try #require(try open(root + "/vehicles").first)
      #expect(set.classes == ["car", "train"])
      #expect(set.samples.count == 3)
    }
  }

  @Test func aFlatSplitIsNoClass() throws {
    try withTemporaryFolder { root in
      try plant(root, "net/train/n01/1.jpg", "net/val/2.jpg", "pair/train/1.jpg", "pair/test/2.jpg")
      #expect(try open(root + "/net", for: .training).first?.classes == ["n01"])
      expectProblem(.badData, containing: "net/val: there are no class folders") {
        try open(root + "/net")
      }
      expectProblem(.badData, containing: "pair/train: there are no class folders") {
        try open(root + "/pair", for: .training)
      }
    }
  }

  @Test func onlyATrainSplitCannotBeScoredByMistake() throws {
    try withTemporaryFolder { root in
      try plant(root, "train/a/1.jpg")
      expectProblem(.missingInput, containing: "neither a test nor a val split") { try open(root) }
      #expect(try open(root, for: .training).count == 1)
    }
  }

  @Test func problemsAreNamed() throws {
    try withTemporaryFolder { root in
      try plant(root, "a/1.jpg", "empty/notes.txt", "twice/val/a/1.jpg", "twice/valid/a/1.jpg")
      expectProblem(.badData, containing: "empty", "no images") {
        try DatasetSpecifier(kind: "folder", path: root).open(for: .training)
      }
      expectProblem(.badData, containing: "val and valid") { try open(root + "/twice") }
      try plant(root, "images/1.jpg", "images/2.jpg")
      expectProblem(.badData, containing: "a folder with 2 images") { try open(root + "/images") }
      try FileManager.default.createDirectory(
        atPath: root + "/nothing", withIntermediateDirectories: true)
      let error = expectProblem(.badData, containing: "an empty folder") {
        try open(root + "/nothing")
      }
      #expect(error?.remedy.contains("<class>/*.jpg") == true)
      expectProblem(.missingInput, containing: "no such file or folder") {
        try open(root + "/absent")
      }
    }
  }

  @Test func aCircleOfLinksEnds() throws {
    try withTemporaryFolder { root in
      try plant(root, "a/1.jpg")
      try FileManager.default.createSymbolicLink(
        atPath: root + "/a/again", withDestinationPath: root + "/a")
      expectProblem(.badData, containing: "nested") { try open(root) }
    }
  }
}
