import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct ImageNetLayoutTests {
  private static let some = ["n01440764", "n01443537", "n03773504", "n15075141"]
  private static let labels = [0, 1, 657, 999]

  /// A small copy with the splits at a base.
  private func plantCopy(_ root: String, base: String = "", val: String = "val") throws {
    let tree = BenchmarkTree(root)
    let prefix = base.isEmpty ? "" : base + "/"
    let jpeg = try BenchmarkTree.jpeg.get()
    try tree.images(
      Self.some.map { prefix + "train/" + $0 }, count: 2, name: { "\($0)_\($1).JPEG" }, jpeg)
    for (offset, wnid) in Self.some.enumerated() {
      try tree.add(["\(prefix)\(val)/\(wnid)/\(BenchmarkTree.validation(offset + 7))"], jpeg)
    }
  }

  @Test(arguments: [
    ("", "val"), ("", "val_in_folder"), ("", "val_dirs"), ("", "validation"), ("images", "val"),
    ("ILSVRC/Data/CLS-LOC", "val"), ("Data/CLS-LOC", "val"), ("ILSVRC2012", "val_in_folder"),
  ])
  func theUsualPlacesAreFound(base: String, val: String) throws {
    try withTemporaryFolder { root in
      try plantCopy(root, base: base, val: val)
      let set = try openSet(nil, root)
      #expect(set.kind == "imagenet" && set.name == "imagenet" && set.split == "val")
      #expect(set.samples.map(\.label) == Self.labels)
      let prefix = base.isEmpty ? "" : base + "/"
      #expect(
        set.samples.first?.path == "\(prefix)\(val)/n01440764/ILSVRC2012_val_00000007.JPEG")
      #expect(set.classes.count == 1000 && set.classes[744] == "missile")
      #expect(set.classMap == nil && set.border == 0)
      #expect(set.metrics == [.top1, .top5, .meanPerClass])
      #expect(set.expectedImages == 50_000 && set.conditions == ["missing": .integer(49_996)])
      #expect(set.rule.contains("WordNet id"))
      let train = try openSet(nil, root + "/", for: .training)
      #expect(train.samples.map(\.label) == Self.labels.flatMap { [$0, $0] })
      #expect(train.expectedImages == 1_281_167 && train.expectedPerClass == nil)
      // Its validation images are what everybody tests on, never what is chosen by.
      #expect(try openSets(nil, root, for: .validation).isEmpty)
      #expect(try openSet(nil, root, for: .validation, split: "val").samples == set.samples)
      #expect(try openSet(nil, root, split: "all").samples.count == 12)
      #expect(try set.unreadableImages(threads: 1).isEmpty)
    }
  }

  @Test func aPathMayBeOneSplit() throws {
    try withTemporaryFolder { root in
      try plantCopy(root)
      let val = try openSet(nil, root + "/val")
      #expect(val.split == "val" && val.samples.map(\.label) == Self.labels)
      #expect(val.samples[0].path == "n01440764/ILSVRC2012_val_00000007.JPEG")
      #expect(try openSet(nil, root + "/train", for: .training).expectedImages == 1_281_167)
      // Training images are no test, and a validation split is not trained on by mistake.
      expectProblem(.missingInput, containing: "neither a test nor a val split, only train") {
        try openSets(nil, root + "/train")
      }
      expectProblem(.missingInput, containing: "no train split, only val") {
        try openSets(nil, root + "/val", for: .training)
      }
      expectProblem(.missingInput, containing: "no split 'test', only train, val") {
        try openSets(nil, root, split: "test")
      }
      try BenchmarkTree(root).add(["other/n01440764/1.jpg"])
      expectProblem(.badData, containing: "neither the folder's name nor '1.jpg' says") {
        try openSets("imagenet", root + "/other")
      }
      #expect(try openSet("imagenet", root + "/other", split: "val").split == "val")
    }
  }

  @Test func classFoldersComeBeforeAFlatFolder() throws {
    try withTemporaryFolder { root in
      try plantCopy(root, val: "val_in_folder")
      try BenchmarkTree(root).add(["val/" + BenchmarkTree.validation(1)])
      #expect(try openSet(nil, root).samples.allSatisfy { $0.path.hasPrefix("val_in_folder/") })
    }
  }

  @Test(arguments: [
    (["0", "1", "10", "100", "2"], [0, 1, 10, 100, 2], "number"),
    (["n01440764", "n04008634"], [0, 744], "WordNet id"),
    (["Tench", "great_white_shark", "kit fox"], [0, 2, 278], "readable name"),
  ])
  func labelsComeFromFolderNames(folders: [String], labels: [Int], rule: String) throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      try tree.images(folders.map { "val/" + $0 }, name: { _, _ in "x.JPEG" })
      try tree.add("val/README.txt", "val/\(folders[0])/notes.txt", "val/.DS_Store", text: "")
      let set = try openSet("imagenet", root)
      for (folder, label) in zip(folders, labels) {
        #expect(set.samples.first { $0.path == "val/\(folder)/x.JPEG" }?.label == label)
      }
      #expect(set.rule.contains(rule))
      #expect(set.ignoredFiles == 3)
    }
  }

  @Test(arguments: [
    (["n01440764", "7"], "has a class index for a name and 'n01440764' a WordNet id"),
    (["n01440764", "tench"], "has a WordNet id for a name and 'tench' a class name"),
    (["n01440764", "n99999999"], "the folder 'n99999999' is no class of ImageNet-1k"),
    (["999", "1000"], "the folder '1000' is no class index (0 to 999)"),
    (["999", "99999999999999999999"], "is no class index"),
    (["1", "01"], "the folders '01' and '1' are the same class"),
    (["tench", "missile"], "the folder 'missile' may be the class n03773504 and n04008634"),
    (["tench", "tenches"], "has the name of no class of ImageNet-1k, the nearest is 'tench'"),
    (["tench", "Tench"], "the folders 'Tench' and 'tench' are the same class"),
  ])
  func foldersThatAreNoClassesAreNamed(folders: [String], words: String) throws {
    try withTemporaryFolder { root in
      try BenchmarkTree(root).images(folders.map { "val/" + $0 }, name: { _, _ in "x.JPEG" })
      expectProblem(.badData, containing: "/val: ", words) { try openSets("imagenet", root) }
    }
  }

  @Test func whatIsMissingIsNamed() throws {
    try withTemporaryFolder { root in
      try plantCopy(root)
      let error = expectProblem(
        .missingInput,
        containing: "val: 996 of the 1000 class folders are missing: n01484850, n01491361, n0149"
      ) {
        try openSets(nil, root, allowMissing: false)
      }
      #expect(error?.remedy.contains("--allow-missing") == true)
      // All folders, too few images.
      let tree = BenchmarkTree(root)
      for wnid in try BenchmarkTree.wnids() where !Self.some.contains(wnid) {
        try tree.link("train/" + wnid, to: "val/n01440764")
      }
      expectProblem(.missingInput, containing: "imagenet: 1004 images, a complete copy has 1281167")
      {
        try openSets(nil, root, for: .training, allowMissing: false)
      }
      expectProblem(.missingInput, containing: "neither a train nor a val folder") {
        try tree.add("empty/x.txt", text: "")
        return try openSets("imagenet", root + "/empty")
      }
      expectProblem(.missingInput, containing: "no such folder") {
        try openSets("imagenet", root + "/absent")
      }
    }
  }

  @Test func aSubsetKeepsItsClassesInTheirOrder() throws {
    try withTemporaryFolder { root in
      // 1, 2, 4 and 6 are R's first classes, 6 is A's first too; 0 is in neither.
      try BenchmarkTree(root).images(["0", "1", "2", "6"].map { "val/" + $0 }) { _, _ in "x.jpg" }
      let r = try openSet("imagenet", root, options: ["subset": "r"])
      #expect(r.name == "imagenet/r-classes")
      #expect(r.samples.map(\.path) == ["val/1/x.jpg", "val/2/x.jpg", "val/6/x.jpg"])
      #expect(r.samples.map(\.label) == [0, 1, 3])
      #expect(r.classes.count == 200 && r.classes[0] == "goldfish")
      #expect(r.classMap?.list == "imagenet-1k" && r.classMap?.names.count == 1000)
      #expect(r.classMap?.columns.prefix(2) == [[1], [2]])
      #expect(r.metrics == [.top1, .top1OfAll] && r.expectedImages == 10_000)
      let a = try openSet("imagenet", root, options: ["subset": "a"])
      #expect(a.samples.map(\.path) == ["val/6/x.jpg"] && a.samples[0].label == 0)
      expectProblem(.usage, containing: "subset=x") {
        try openSets("imagenet", root, options: ["subset": "x"])
      }
      expectProblem(.usage, containing: "no option 'border'") {
        try openSets("imagenet", root, options: ["border": "2"])
      }
    }
  }

  @Test func otherFoldersAreNotTakenForIt() throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      try tree.images(["a/train/cat", "a/val/cat", "b/n01440764", "b/dog", "b/cat"]) { _, _ in
        "x.jpg"
      }
      // WordNet ids of the larger ImageNet.
      try tree.images(["c/train/n00004475", "c/train/n00005787", "c/train/n01440764"]) { _, _ in
        "x.jpg"
      }
      for name in ["a", "b", "c"] {
        #expect(try openSet(nil, root + "/" + name, for: .training).kind == "folder")
      }
      // A stray folder is an error that names it, not another kind.
      try tree.images(["d/val/n01440764", "d/val/n01443537", "d/val/copy"]) { _, _ in "x.jpg" }
      expectProblem(.badData, containing: "'copy'") { try openSets(nil, root + "/d") }
    }
  }
}
