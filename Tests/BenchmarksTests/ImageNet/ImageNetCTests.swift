import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct ImageNetCTests {
  private static let groups = [
    "noise": ["gaussian_noise", "shot_noise", "impulse_noise"],
    "blur": ["defocus_blur", "glass_blur", "motion_blur", "zoom_blur"],
    "weather": ["snow", "frost", "fog", "brightness"],
    "digital": ["contrast", "elastic_transform", "pixelate", "jpeg_compression"],
    "extra": ["speckle_noise", "gaussian_blur", "spatter", "saturate"],
  ]

  private func plant(_ root: String, grouped: Bool) throws {
    let tree = BenchmarkTree(root)
    for (group, corruptions) in Self.groups {
      for corruption in corruptions {
        let folder = grouped ? "\(group)/\(corruption)" : corruption
        try tree.images(
          (1...5).flatMap { ["\(folder)/\($0)/n01440764", "\(folder)/\($0)/n15075141"] },
          name: { _, n in BenchmarkTree.validation(n) }, try BenchmarkTree.jpeg.get())
      }
    }
  }

  @Test(arguments: [false, true])
  func everyCorruptionIsASet(grouped: Bool) throws {
    try withTemporaryFolder { root in
      try plant(root, grouped: grouped)
      let sets = try openSets(nil, root)
      #expect(
        sets.map(\.name)
          == (ImageNetC.corruptions + ImageNetC.extraCorruptions).map { "imagenet-c/\($0)" })
      for set in sets {
        #expect(set.kind == "imagenet-c" && set.split == "test" && set.classMap == nil)
        #expect(set.samples.count == 10 && set.expectedImages == 250_000)
        #expect(set.expectedPerClass == [Int](repeating: 250, count: 1000))
        #expect(set.metrics == [.top1, .mCE])
        #expect(set.conditions == ["missing": .integer(249_990)])
        #expect(ImageNetC.corruption(of: set).map { "imagenet-c/" + $0 } == set.name)
        for sample in set.samples {
          let parts = sample.path.split(separator: "/").map(String.init)
          #expect(sample.group == parts[parts.count - 3])
          #expect(sample.label == (parts[parts.count - 2] == "n01440764" ? 0 : 999))
        }
      }
      #expect(try sets[0].unreadableImages(threads: 1).isEmpty)
    }
  }

  @Test func aPathMayBeOneCorruptionOrOneSeverity() throws {
    try withTemporaryFolder { root in
      try plant(root, grouped: true)
      let fog = try openSet(nil, root + "/weather/fog")
      #expect(fog.name == "imagenet-c/fog" && fog.samples.count == 10)
      #expect(fog.samples[0].path == "1/n01440764/ILSVRC2012_val_00000001.JPEG")
      #expect(Set(fog.samples.compactMap(\.group)) == ["1", "2", "3", "4", "5"])
      let third = try openSet(nil, root + "/weather/fog/3/")
      #expect(third.name == "imagenet-c/fog/3" && third.samples.map(\.group) == ["3", "3"])
      #expect(third.metrics == [.top1] && third.expectedImages == 50_000)
      #expect(ImageNetC.corruption(of: third) == nil)
      #expect(try openSets(nil, root + "/weather").map(\.name).count == 4)
    }
  }

  @Test func aCompleteCorruptionHas250000Images() throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      try tree.images(["store"], count: 50) { _, n in BenchmarkTree.validation(n) }
      for wnid in try BenchmarkTree.wnids() { try tree.link("fog/1/\(wnid)", to: "store") }
      for severity in 2...5 { try tree.link("fog/\(severity)", to: "fog/1") }
      let fog = try openSet(nil, root + "/fog", allowMissing: false)
      #expect(fog.samples.count == 250_000 && fog.conditions.isEmpty)
      try tree.add(["store/more.JPEG"])
      expectProblem(
        .badData, containing: "imagenet-c/fog/2: 51000 images", "1000 classes", "'tench' 51 of 50"
      ) {
        try openSets(nil, root + "/fog/2", allowMissing: false)
      }
    }
  }

  @Test func whatIsMissingIsNamed() throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      try tree.images(["fog/1/n01440764", "fog/5/n01440764"]) { _, _ in "x.JPEG" }
      expectProblem(.missingInput, containing: "fog lacks the severity 2, 3, 4") {
        try openSets(nil, root, allowMissing: false)
      }
      #expect(try openSet(nil, root).conditions == ["missing": .integer(249_998)])
      expectProblem(.missingInput, containing: "fog/1: 999 of the 1000 class folders") {
        try openSets(nil, root + "/fog/1", allowMissing: false)
      }
      try tree.images(["weather/fog/1/n01440764"]) { _, _ in "x.JPEG" }
      expectProblem(.badData, containing: "the corruption fog is there twice") {
        try openSets("imagenet-c", root)
      }
      expectProblem(.missingInput, containing: "no folders of ImageNet-C's corruptions") {
        try openSets("imagenet-c", root + "/weather/fog/1/n01440764")
      }
      expectProblem(.missingInput, containing: "no train split") {
        try openSets("imagenet-c", root + "/fog", for: .training)
      }
    }
  }

  @Test func theMeanCorruptionErrorIsRelativeToAlexNet() throws {
    #expect(ImageNetC.corruptions.count == 15 && ImageNetC.extraCorruptions.count == 4)
    #expect(
      Set(ImageNetC.alexNetErrors.keys)
        == Set(ImageNetC.corruptions + ImageNetC.extraCorruptions))
    #expect(ImageNetC.meanCorruptionError(errors: ImageNetC.alexNetErrors) == 1)
    // Computed in Python from the same table.
    let half = Dictionary(uniqueKeysWithValues: ImageNetC.corruptions.map { ($0, 0.5) })
    let mean = try #require(ImageNetC.meanCorruptionError(errors: half))
    #expect(abs(mean - 0.6467257299919341) < 1e-12)
    let steps = Dictionary(
      uniqueKeysWithValues: ImageNetC.corruptions.enumerated().map {
        ($1, 0.1 * Double($0 % 5 + 1))
      }
    )
    let other = try #require(ImageNetC.meanCorruptionError(errors: steps))
    #expect(abs(other - 0.3886742008369976) < 1e-12)
    // The four extra ones do not count, and none of the 15 may be left out.
    #expect(ImageNetC.meanCorruptionError(errors: half.merging(["spatter": 1]) { $1 }) == mean)
    for corruption in ImageNetC.corruptions {
      var rest = ImageNetC.alexNetErrors
      rest[corruption] = nil
      #expect(ImageNetC.meanCorruptionError(errors: rest) == nil)
    }
    #expect(ImageNetC.corruptionError(of: "fog", error: 0.819324) == 1)
    #expect(ImageNetC.corruptionError(of: "rain", error: 0.5) == nil)
  }
}
