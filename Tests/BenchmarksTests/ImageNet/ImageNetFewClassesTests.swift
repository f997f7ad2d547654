import Basics
import Benchmarks
import TestSupport
import Testing

/// Sets of some of ImageNet's classes (ImageNet-100, Imagenette) are folders, not broken copies.
@Suite struct ImageNetFewClassesTests {
  private static let some = ["n01440764", "n03773504", "n15075141"]
  private static let names = ["tench", "missile", "toilet paper"]

  private func plant(
    _ root: String, train: [String] = some, val: [String] = some, images: Int = 10
  ) throws {
    let tree = BenchmarkTree(root)
    try tree.images(
      train.map { "train/" + $0 }, count: images, name: { "\($0)_\($1).JPEG" })
    for (offset, wnid) in val.enumerated() {
      try tree.add(
        (0..<images).map { "val/\(wnid)/" + BenchmarkTree.validation(offset * images + $0 + 1) })
    }
  }

  @Test func theyAreReadAsFoldersWithNamesFromTheTable() throws {
    try withTemporaryFolder { root in
      try plant(root)
      let train = try openSet(nil, root, for: .training, allowMissing: false)
      #expect(train.kind == "folder" && train.split == "train" && train.classes == Self.names)
      #expect(train.samples.count == 30 && train.expectedImages == nil)
      #expect(train.rule.contains("for a WordNet id the name that ImageNet-1k's table has for it"))
      let val = try openSet(nil, root, allowMissing: false)
      #expect(val.split == "val" && val.classes == Self.names && val.samples.count == 30)
      // One split by its own path.
      let alone = try openSet(nil, root + "/val", allowMissing: false)
      #expect(alone.kind == "folder" && alone.classes == Self.names)
      // By name its labels meet those of a head for all classes.
      let all = try ImageNetClasses.standard().names
      expectProblem(.badData, containing: "'missile' stands for 2 classes") {
        try val.aligned(to: all)
      }
      var plain = val
      plain.samples.removeAll { $0.label == 1 }
      #expect(Set(try plain.aligned(to: all).samples.map(\.label)) == [0, 999])
      // Whoever says that it is ImageNet is told what is missing.
      expectProblem(.missingInput, containing: "997 of the 1000 class folders are missing") {
        try openSets("imagenet", root, allowMissing: false)
      }
    }
  }

  @Test func copiesThatLackClassesOrImagesAreNone() throws {
    // A class that one split lacks, classes with next to nothing in them, and too many classes.
    let many = try Array(BenchmarkTree.wnids().prefix(201))
    for (train, val, images) in [
      (Self.some, Array(Self.some.prefix(2)), 10), (Self.some, Self.some, 9), (many, many, 10),
    ] {
      try withTemporaryFolder { root in
        try plant(root, train: train, val: val, images: images)
        expectProblem(.missingInput, containing: "class folders are missing") {
          try openSets(nil, root, allowMissing: false)
        }
      }
    }
  }

  @Test func otherFoldersKeepTheirNames() throws {
    try withTemporaryFolder { root in
      // Tiny ImageNet has classes that are not among the 1000.
      let tree = BenchmarkTree(root)
      try tree.images(["n01440764", "n99999999", "my_dog"], name: { _, _ in "1.jpg" })
      let set = try openSet("folder", root, for: .training, allowMissing: false)
      #expect(set.classes == ["my dog", "tench", "n99999999"])
      try withTemporaryFolder { other in
        try BenchmarkTree(other).images(["cat", "my_dog"], name: { _, _ in "1.jpg" })
        let plain = try openSet(nil, other, for: .training, allowMissing: false)
        #expect(plain.classes == ["cat", "my dog"] && !plain.rule.contains("WordNet"))
      }
    }
  }
}
