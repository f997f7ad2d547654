import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct ImageNetV2Tests {
  private static let folders = ["0", "1", "10", "100", "2", "999"]

  @Test(arguments: [
    ("imagenetv2-matched-frequency-format-val", "matched-frequency"),
    ("imagenetv2-threshold0.7-format-val", "threshold-0.7"),
    ("imagenetv2-top-images-format-val", "top-images"),
    ("ImageNetV2-matched-frequency", "matched-frequency"),
    ("ImageNetV2-threshold-0.7", "threshold-0.7"), ("ImageNetV2-top-images", "top-images"),
  ])
  func everyVariantIsRecognisedByItsName(folder: String, variant: String) throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      // A folder's number is the class; as text, 10 and 100 come before 2.
      try tree.images(
        Self.folders.map { "\(folder)/\($0)" }, count: 2, name: { "\($0)a\($1).jpeg" },
        try BenchmarkTree.jpeg.get())
      let set = try openSet(nil, root + "/" + folder)
      #expect(set.kind == "imagenet-v2" && set.name == "imagenet-v2/\(variant)")
      #expect(set.split == "test" && set.classes.count == 1000 && set.classMap == nil)
      for sample in set.samples {
        #expect(String(sample.label) == sample.path.split(separator: "/").first.map(String.init))
      }
      #expect(set.rule.contains("number"))
      #expect(set.metrics == [.top1, .top5, .meanPerClass])
      #expect(set.conditions == ["missing": .integer(10_000 - 12)])
      #expect(try set.unreadableImages(threads: 1).isEmpty)
      #expect(try openSet(nil, root).name == "imagenet-v2/\(variant)")
    }
  }

  @Test func allVariantsAreOpenedTogether() throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      let variants = ["matched-frequency", "threshold0.7", "top-images"]
      try tree.images(variants.map { "imagenetv2-\($0)-format-val/7" }) { _, _ in "x.jpeg" }
      // The package also fetches ImageNet's own validation images.
      try tree.images(["imagenet_validation/7"]) { _, _ in "x.jpeg" }
      let names = ["matched-frequency", "threshold-0.7", "top-images"].map { "imagenet-v2/\($0)" }
      #expect(try openSets(nil, root).map(\.name) == names)
      #expect(try openSets("imagenet-v2", root + "/*").map(\.name) == names)
      #expect(
        try openSet("imagenet-v2", root, options: ["variant": "top-images"]).name == names[2])
      #expect(try openSets("imagenet-v2", root, for: .validation).isEmpty)
      let a = try openSets("imagenet-v2", root, options: ["subset": "a"])
      #expect(a.map(\.name) == names.map { $0 + "/a-classes" })
      #expect(a[0].expectedImages == 2000 && a[0].classes.count == 200)
      expectProblem(.usage, containing: "variant=x") {
        try openSets("imagenet-v2", root, options: ["variant": "x"])
      }
      try tree.images(["ImageNetV2-top-images/7"]) { _, _ in "x.jpeg" }
      expectProblem(.badData, containing: "are both the variant top-images") {
        try openSets(nil, root)
      }
    }
  }

  @Test func theReleaseWithWordNetIdsIsRead() throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      try tree.images(["imagenetv2/n03773504", "imagenetv2/n15075141"]) { _, _ in "x.jpeg" }
      let set = try openSet(nil, root + "/imagenetv2")
      #expect(set.samples.map(\.label) == [657, 999])
      #expect(set.name == "imagenet-v2")
      #expect(
        try openSet(nil, root + "/imagenetv2", options: ["variant": "top-images"]).name
          == "imagenet-v2/top-images")
      try tree.images(["imagenetv2/12"]) { _, _ in "x.jpeg" }
      expectProblem(.badData, containing: "WordNet id") { try openSets(nil, root + "/imagenetv2") }
      expectProblem(.missingInput, containing: "neither class folders 0 to 999") {
        try openSets("imagenet-v2", root + "/imagenetv2/12")
      }
    }
  }
}

@Suite struct ImageNetSubsetTests {
  @Test(arguments: [
    (ImageNetClasses.Subset.a, "imagenet-a", 7_500), (.a, "imagenet-adversarial/imagenet-a", 7_500),
    (.r, "imagenet-r", 30_000), (.r, "imagenet-rendition/imagenet-r", 30_000),
  ])
  func labelsAreRanksAmongTheOfficialClasses(
    subset: ImageNetClasses.Subset, folder: String, images: Int
  ) throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      let wnids = try BenchmarkTree.wnids(subset)
      // The first class is not there: labels must not move up.
      let present = [1, 7, 199]
      try tree.images(
        present.map { "\(folder)/\(wnids[$0])" }, name: { "\($0)_\($1).jpg" },
        try BenchmarkTree.jpeg.get())
      try tree.add("\(folder)/README.txt", text: "200 classes\n")
      let kind = "imagenet-\(subset.rawValue)"
      for path in [
        root + "/" + folder, (root + "/" + folder as NSString).deletingLastPathComponent,
      ] {
        let set = try openSet(nil, path)
        #expect(set.kind == kind && set.name == kind && set.split == "test")
        #expect(set.samples.map(\.label) == present && set.ignoredFiles == 1)
        #expect(set.expectedImages == images)
        #expect(set.conditions == ["missing": .integer(images - 3)])
        #expect(set.metrics == [.top1, .top1OfAll])
        let map = try #require(set.classMap)
        let classes = try ImageNetClasses.standard()
        #expect(map.list == "imagenet-1k" && map.names == classes.names)
        #expect(map.columns == wnids.compactMap { classes.index(wnid: $0) }.map { [$0] })
        #expect(set.classes == map.columns.map { map.names[$0[0]] })
        #expect(try set.unreadableImages(threads: 1).isEmpty)
      }
      expectProblem(.missingInput, containing: "197 of the 200 class folders are missing") {
        try openSets(kind, root + "/" + folder, allowMissing: false)
      }
      // A class of ImageNet that is not one of the 200.
      try tree.images(["\(folder)/n01440764"]) { _, _ in "x.jpg" }
      expectProblem(.badData, containing: "'n01440764' (tench) is not one of the 200") {
        try openSets(nil, root + "/" + folder)
      }
    }
  }

  @Test func theClassesTellThemApartWithoutAName() throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      for subset in ImageNetClasses.Subset.allCases {
        try tree.images(try BenchmarkTree.wnids(subset).map { "copy-\(subset)/\($0)" }) { _, _ in
          "x.jpg"
        }
        #expect(
          try openSet(nil, "\(root)/copy-\(subset)").kind == "imagenet-\(subset.rawValue)")
      }
      try tree.images((0..<200).map { "numbers/\($0)" }) { _, _ in "x.jpg" }
      expectProblem(.badData, containing: "may be ranks among the 200 classes") {
        try openSets("imagenet-r", root + "/numbers")
      }
    }
  }

  @Test func testImagesAreNotTrainedOn() throws {
    try withTemporaryFolder { root in
      try BenchmarkTree(root).images(["imagenet-a/n01498041"]) { _, _ in "x.jpg" }
      expectProblem(.missingInput, containing: "no train split, only test") {
        try openSets(nil, root + "/imagenet-a", for: .training)
      }
      #expect(try openSets(nil, root + "/imagenet-a", for: .validation).isEmpty)
      let specifier = DatasetSpecifier(path: root + "/imagenet-a")
      #expect(try specifier.openToLook().first?.samples.count == 1)
      try BenchmarkTree(root).images(["imagenet-a/n01440764"]) { _, _ in "x.jpg" }
      // Looking shows what is wrong with it, not that it cannot be trained on.
      expectProblem(.badData, containing: "tench") { try specifier.openToLook() }
    }
  }
}

@Suite struct ImageNetSketchTests {
  @Test(arguments: [
    "sketch", "imagenet-sketch/sketch", "imagenet-sketch/images", "ImageNet-Sketch",
  ])
  func itIsRecognisedByItsName(folder: String) throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      // Some files of the archive are PNG images whatever their names say.
      try tree.images(
        ["\(folder)/n01440764", "\(folder)/n04356056"], name: { _, n in "sketch_\(n).JPEG" },
        try BenchmarkTree.png.get())
      let top = folder.split(separator: "/").first.map(String.init) ?? folder
      for path in Set([root + "/" + folder, root + "/" + top]) {
        let set = try openSet(nil, path)
        #expect(set.kind == "imagenet-sketch" && set.name == "imagenet-sketch")
        #expect(set.samples.map(\.label) == [0, 837])
        #expect(set.classes[836] == "sunglasses" && set.classes[837] == "sunglasses")
        #expect(set.expectedImages == 50_889 && set.classMap == nil)
        #expect(set.conditions == ["missing": .integer(50_887)])
        #expect(try set.unreadableImages(threads: 1).isEmpty)
        let r = try openSet(nil, path, options: ["subset": "r"])
        #expect(r.name == "imagenet-sketch/r-classes" && r.samples.isEmpty)
        #expect(r.expectedImages == nil)
      }
      expectProblem(.missingInput, containing: "998 of the 1000 class folders") {
        try openSets(nil, root + "/" + folder, allowMissing: false)
      }
    }
  }
}
