import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct ImageNetGroundTruthTests {
  private static let images = (1...3).map { "val/" + BenchmarkTree.validation($0) }

  private static let list =
    "ILSVRC2012_val_00000003.JPEG 999\nILSVRC2012_val_00000001.JPEG 65\n"
    + "val/ILSVRC2012_val_00000002.JPEG n01443537\n"
  private static let solution =
    "ImageId,PredictionString\nILSVRC2012_val_00000002,n01443537 1 2 3 4 n01443537 5 6 7 8 \n"
    + "ILSVRC2012_val_00000001,n01751748 85 1 499 272 \nILSVRC2012_val_00000003,n15075141 1 1 2 2 \n"
  private static let synsets = "n01751748\nn01443537\nn15075141\n"
  private static let map =
    "n01751748 490 sea_snake\nn02119789 1 kit_fox\nn01443537 2 goldfish\nn15075141 3 paper\n"

  @Test(arguments: [
    (["val.txt": list], "val.txt"),
    (["meta/val.txt": list], "val.txt"),
    (["LOC_val_solution.csv": solution, "val.txt": "junk"], "first box"),
    (["val/imagenet_2012_validation_synset_labels.txt": synsets], "image's line"),
    (
      [
        "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt": "490\n2\n3\n",
        "ILSVRC2012_devkit_t12/data/map_clsloc.txt": map,
      ], "looked up in map_clsloc.txt"
    ),
  ])
  func aFlatFolderHasItsLabelsFromAFile(files: [String: String], rule: String) throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      try tree.add(Self.images)
      try tree.add("val/ILSVRC2012_val_1.JPEG", "val/x.jpg", "val/.hidden", text: "")
      for (path, text) in files { try tree.add(path, text: text) }
      let set = try openSet(nil, root)
      #expect(set.kind == "imagenet" && set.split == "val")
      #expect(set.samples.map(\.path) == Self.images)
      #expect(set.samples.map(\.label) == [65, 1, 999])
      #expect(set.rule.contains(rule))
      #expect(set.ignoredFiles >= 3)
      #expect(try openSet(nil, root + "/val").samples.map(\.label) == [65, 1, 999])
      #expect(
        try openSet("imagenet", root, options: ["subset": "r"]).samples.map(\.path)
          == [Self.images[1]])
    }
  }

  @Test func kagglesFileIsFoundFourFoldersAbove() throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      let folder = "ILSVRC/Data/CLS-LOC/"
      try tree.add(Self.images.map { folder + $0 })
      try tree.add("LOC_val_solution.csv", text: Self.solution)
      // It numbers the images and gives no labels; it must not be taken for a list of them.
      try tree.add(
        "ILSVRC/ImageSets/CLS-LOC/val.txt",
        text: "ILSVRC2012_val_00000001 1\nILSVRC2012_val_00000002 2\nILSVRC2012_val_00000003 3\n")
      for path in [root, root + "/ILSVRC/Data/CLS-LOC", root + "/ILSVRC/Data/CLS-LOC/val"] {
        #expect(try openSet(nil, path).samples.map(\.label) == [65, 1, 999])
      }
      expectProblem(.badData, containing: "the second column counts the images") {
        try openSets(
          nil, root, options: ["labels": root + "/ILSVRC/ImageSets/CLS-LOC/val.txt"])
      }
    }
  }

  @Test(arguments: [
    ("", "labels.txt:1: the line is empty"),
    ("\nn01751748\n", "labels.txt:1: the line is empty"),
    ("n01751748\n\nn01443537\n", "labels.txt:2: ''"),
    ("n01751748\nn99999999\n", "labels.txt:2: 'n99999999' does not give"),
    ("n01751748\n", "ILSVRC2012_val_00000002.JPEG has no label in"),
    ("ILSVRC2012_val_00000001.JPEG 1000\n", "labels.txt:1: 'ILSVRC2012_val_00000001.JPEG 1000'"),
    ("ILSVRC2012_val_00000001.JPEG -1\n", "labels.txt:1"),
    ("ILSVRC2012_val_00000001.JPEG 65 1\n", "labels.txt:1"),
    ("ILSVRC2012_val_00000001.JPEG 65\nx.JPEG 65\n", "labels.txt:2: 'x.JPEG 65'"),
    (
      "ILSVRC2012_val_00000001.JPEG 65\nILSVRC2012_val_00000001.JPEG 66\n",
      "labels.txt:2: the image 1 has another class"
    ),
    ("ImageId,PredictionString\nILSVRC2012_val_00000001,\n", "labels.txt:2"),
    ("ImageId,PredictionString\nILSVRC2012_val_00000001\n", "labels.txt:2"),
    ("ImageId,PredictionString\nILSVRC2012_val_00000001,\"n01751748", "quote is not closed"),
    (String(repeating: "n01751748\n", count: 50_001), "50001 lines, yet there are 50000 images"),
  ])
  func aFileThatGivesNoLabelsIsRefused(text: String, words: String) throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      try tree.add(Self.images)
      try tree.add("labels.txt", text: text)
      expectProblem(.badData, containing: words) {
        try openSets("imagenet", root, options: ["labels": root + "/labels.txt"])
      }
    }
  }

  @Test func withoutLabelsThereIsARemedy() throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      try tree.add(Self.images)
      var error = expectProblem(.missingInput, containing: "/val: the images lie in no class") {
        try openSets(nil, root)
      }
      #expect(error?.remedy.contains("val.txt") == true)
      #expect(error?.remedy.contains("?labels=FILE") == true)
      // Ids of the development kit are not class indices, and sorted ids do not number them.
      try tree.add("ILSVRC2012_validation_ground_truth.txt", text: "490\n361\n171\n")
      try tree.add("synset_words.txt", text: "n01440764 tench\n")
      error = expectProblem(.missingInput, containing: "order of its own", "meta.mat") {
        try openSets(nil, root)
      }
      #expect(error?.remedy.contains("meta.mat") == true)
      try tree.add("train/n01440764_1.JPEG", text: "")
      expectProblem(.badData, containing: "/train: there are images and no class folders") {
        try openSets(nil, root, for: .training)
      }
    }
  }

  @Test(arguments: [
    ("n01751748 490\nn01751748 491\n", "the id 491 or its class n01751748 is there twice"),
    ("n01751748 490\nn01443537 490\n", "the id 490 or its class n01443537 is there twice"),
    ("n99999999 490 x\n", "the id 490 is 'n99999999', which is no class"),
    ("n01751748 sea_snake\n", "map_clsloc.txt:1: 'n01751748 sea_snake' is not"),
    ("n01751748 490 sea_snake\n", "truth.txt:2: '2' does not give"),
  ])
  func aKitThatContradictsItselfIsRefused(map: String, words: String) throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      try tree.add(Self.images)
      try tree.add("ILSVRC2012_validation_ground_truth.txt", text: "490\n2\n3\n")
      try tree.add("map_clsloc.txt", text: map)
      expectProblem(.badData, containing: words) { try openSets(nil, root) }
    }
  }

  /// Three images with the ids 600, 2 and 4, and a MATLAB file.
  private func plant(_ root: String, meta: Data) throws {
    let tree = BenchmarkTree(root)
    try tree.add(Self.images)
    try tree.add("data/ILSVRC2012_validation_ground_truth.txt", text: "600\n2\n4\n")
    try tree.add(["data/meta.mat"], meta)
  }

  @Test(arguments: ["packed", "plain"])
  func theKitsMatlabFileIsRead(name: String) throws {
    try withTemporaryFolder { root in
      try plant(root, meta: try Fixtures.data("matlab/\(name).mat"))
      let set = try openSet(nil, root)
      // Sea snake, English setter and Australian terrier.
      #expect(set.samples.map(\.label) == [65, 212, 193])
      #expect(set.rule.contains("looked up in meta.mat"))
    }
  }

  @Test func anotherMatlabFileIsRefused() throws {
    try withTemporaryFolder { root in
      try plant(root, meta: try Fixtures.data("matlab/other.mat"))
      expectProblem(.badData, containing: "no array of structures 'synsets'") {
        try openSets(nil, root)
      }
      try plant(root, meta: Data(repeating: 0, count: 200))
      expectProblem(.badData, containing: "meta.mat: not a little-endian MATLAB file") {
        try openSets(nil, root)
      }
    }
  }

  @Test(arguments: ["packed", "plain"])
  func noMatlabFileCrashesTheReader(name: String) throws {
    let whole = try Fixtures.data("matlab/\(name).mat")
    var random = CounterRandom(5)
    try withTemporaryFolder { root in
      try plant(root, meta: whole)
      for round in 0..<200 {
        var damaged = whole
        if round % 3 == 0 {
          damaged = damaged.prefix(random.below(whole.count))
        } else {
          for _ in 0..<(1 + random.below(4)) {
            let position = 128 + random.below(whole.count - 128)
            damaged[damaged.startIndex + position] = UInt8(random.below(256))
          }
        }
        try damaged.write(to: URL(fileURLWithPath: root + "/data/meta.mat"))
        do {
          _ = try openSets("imagenet", root)
        } catch let error as HoldfastError {
          #expect(error.kind == .badData, "\(error)")
        }
      }
    }
  }
}
