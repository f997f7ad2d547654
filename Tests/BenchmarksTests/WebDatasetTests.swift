import Basics
import Benchmarks
import Foundation
import Images
import TestSupport
import Testing

/// Images and labels in tar archives.
@Suite struct WebDatasetTests {
  static let picture = Result { [UInt8](try Fixtures.data("images/base.png")) }

  static func open(
    _ path: String, for purpose: DatasetPurpose = .evaluation, allowMissing: Bool = false
  ) throws -> Dataset {
    let sets = try DatasetSpecifier.parse(path).open(
      for: purpose, allowMissing: allowMissing, cache: path + ".cache")
    return try #require(sets.first)
  }

  /// Writes an archive with an image a class index.
  static func write(_ path: String, labels: [Int], from first: Int = 0) throws {
    var tar = TarBuilder()
    for (number, label) in labels.enumerated() {
      tar.add("s\(first + number).cls", text: "\(label)\n")
      tar.add("s\(first + number).png", try picture.get())
    }
    try AtomicFile.write(tar.data, to: path)
  }

  @Test func imagesAreReadWhereTheyLie() throws {
    try withTemporaryFolder { root in
      var tar = TarBuilder()
      tar.add("./", type: "5")
      tar.add("./a/one.jpg", try Self.picture.get())
      tar.add("./a/one.txt", text: "red_fox\n")
      tar.add("./b.x.PNG", [1])
      tar.add("./two.JSON", text: #"{"label": "cat", "width": 3}"#)
      tar.add("./two.webp", try Self.picture.get())
      tar.add("./two.seg.png", [2])
      tar.add("link.jpg", type: "2")
      tar.add("hard.jpg", type: "1")
      tar.add(".hidden", [3])
      try AtomicFile.write(tar.data, to: root + "/wds/shard-000.tar")
      try plant(root, "wds/README.md")
      let set = try Self.open(root + "/wds")
      #expect(set.kind == "webdataset" && set.name == "wds" && set.split == "all")
      #expect(set.classes == ["cat", "red fox"])
      #expect(set.samples.map(\.path) == ["shard-000.tar/a/one.jpg", "shard-000.tar/two.webp"])
      #expect(set.samples.map(\.label) == [1, 0])
      #expect(set.samples.allSatisfy { $0.slice?.file == "shard-000.tar" })
      // The README, b.x.png, two.seg.png, two links, .hidden.
      #expect(set.ignoredFiles == 6)
      let whole = try ImageFile.decode(Data(try Self.picture.get()), name: "base.png")
      for sample in set.samples { #expect(try ImageFile.read(set.item(of: sample)) == whole) }
      #expect(try set.problems(threads: 1).isEmpty)
    }
  }

  @Test func theFormOfCLIPBenchmarkIsRead() throws {
    try withTemporaryFolder { root in
      let names = (0..<3).map { "class \($0), or_so" }
      try plant(root, "classnames.txt", text: names.joined(separator: "\n") + "\n")
      try plant(root, "zeroshot_classification_templates.txt", text: "a photo of {c}\n")
      for (split, shards) in [("train", 2), ("test", 1)] {
        try plant(root, "\(split)/nshards.txt", text: "\(shards)\n")
        for shard in 0..<shards {
          try Self.write("\(root)/\(split)/\(shard).tar", labels: [2, 0], from: 10 * shard)
        }
      }
      let train = try Self.open(root, for: .training)
      #expect(train.classes == names && train.split == "train")
      #expect(
        train.samples.map(\.path) == [
          "train/0.tar/s0.png", "train/0.tar/s1.png", "train/1.tar/s10.png", "train/1.tar/s11.png",
        ])
      #expect(train.samples.map(\.label) == [2, 0, 2, 0])
      #expect(train.ignoredFiles == 0)
      #expect(try Self.open(root).split == "test")
      #expect(try Self.open(root + "#all").samples.count == 6)
      #expect(try DatasetSpecifier.parse(root).open(for: .validation).isEmpty)
      // A split's folder alone finds the names above it.
      let alone = try Self.open(root + "/test")
      #expect(
        alone.classes == names && alone.samples.map(\.path) == ["0.tar/s0.png", "0.tar/s1.png"])
      try FileManager.default.removeItem(atPath: root + "/train/1.tar")
      expectProblem(.missingInput, containing: "1 archives are missing", "train/1.tar") {
        try Self.open(root, for: .training)
      }
      let rest = try Self.open(root, for: .training, allowMissing: true)
      #expect(rest.samples.count == 2 && rest.missingFiles == ["train/1.tar"])
      #expect(rest.conditions["missing-archives"] == .integer(1))
      try plant(root, "test/nshards.txt", text: "many")
      expectProblem(.badData, containing: "nshards.txt", "'many'") { try Self.open(root) }
      try plant(root, "test/nshards.txt", text: "1")
      try Self.write(root + "/test/7.tar", labels: [0])
      expectProblem(.badData, containing: "7.tar", "1 shards") { try Self.open(root) }
      try FileManager.default.removeItem(atPath: root + "/test/7.tar")
      try plant(root, "dataset_type.txt", text: "retrieval\n")
      expectProblem(.badData, containing: "captions") { try Self.open(root) }
    }
  }

  @Test func patternsAndNamesOfShards() throws {
    try withTemporaryFolder { root in
      for number in 8...11 {
        let digits = String(repeating: "0", count: number < 10 ? 2 : 1) + String(number)
        try Self.write("\(root)/net-\(digits).tar", labels: [number - 8])
      }
      let pattern = try Self.open(root + "/net-{009..011}.tar")
      #expect(pattern.name == "net" && pattern.root == root)
      #expect(pattern.samples.map(\.label) == [1, 2, 3])
      #expect(pattern.classes == ["0", "1", "2", "3"])
      #expect(try Self.open(root + "/net-0{10..11}.tar").samples.map(\.label) == [2, 3])
      let single = try Self.open("webdataset:\(root)/net-008.tar")
      #expect(single.name == "net-008" && single.samples.map(\.path) == ["net-008.tar/s0.png"])
      expectProblem(.missingInput, containing: "2 archives are missing", "net-012.tar") {
        try Self.open(root + "/net-{010..013}.tar")
      }
      expectProblem(.usage, containing: "100000") { try Self.open(root + "/{0..9}{0..99999}.tar") }
      expectProblem(.missingInput, containing: "1 archives are missing") {
        try Self.open(root + "/net-{a..c}.tar")
      }
    }
  }

  @Test func splitsAreToldByTheNamesOfShards() throws {
    try withTemporaryFolder { root in
      try Self.write(root + "/imagenet1k-train-0000.tar", labels: [0, 1])
      try Self.write(root + "/imagenet1k-validation-00.tar", labels: [1])
      #expect(try Self.open(root, for: .training).samples.count == 2)
      let test = try Self.open(root)
      #expect(test.split == "val" && test.samples.map(\.label) == [1])
      try Self.write(root + "/more.tar", labels: [1])
      expectProblem(.badData, containing: "more.tar", "to which split") { try Self.open(root) }
    }
  }

  @Test func splitsAgreeOnNames() throws {
    try withTemporaryFolder { root in
      for (split, names) in [("train", ["b", "c"]), ("test", ["a_x", "c"])] {
        var tar = TarBuilder()
        for name in names {
          tar.add(name + ".jpg", [1])
          tar.add(name + ".txt", text: name)
        }
        try AtomicFile.write(tar.data, to: "\(root)/\(split)/0.tar")
      }
      for purpose in [DatasetPurpose.training, .evaluation] {
        #expect(try Self.open(root, for: purpose).classes == ["a x", "b", "c"])
      }
      #expect(try Self.open(root).samples.map(\.label) == [0, 2])
    }
  }

  /// Members as `name=content`, and what is wrong with them.
  private static let mistakes: [([String], String)] = [
    (["a.jpg=", "a.cls=x"], "a.jpg has the class 'x', which is no number"),
    (["a.jpg="], "a.jpg has no label"),
    (["a.cls=1"], "a.cls labels an image that is not there"),
    (["a.jpg=", "a.png=", "a.cls=1"], "is a second image of its name"),
    (["a.jpg=", "a.cls=1", "a.cls=1"], "a.cls is there twice"),
    (["a.jpg=", "a.txt=two\nlines"], "not one line"),
    (["a.jpg=", "a.txt= "], "not one line"),
    (["a.jpg=", "a.json={}"], "without a label"),
    (["a.jpg=", "a.json={"], "not valid JSON"),
    (["a.jpg=", "a.cls=-1"], "the label -1 is none of the 1 classes"),
    (["a.jpg=", "a.cls=9000000"], "the label 9000000"),
    (["a.jpg=", "a.cls=1", "b.jpg=", "b.txt=x"], "some labels are names"),
    (["a.json={}"], "no images"), ([], "no images"),
    (["../a.jpg=", "a.cls=1"], "'../a.jpg' leads out of the archive"),
    (["x/../../a.jpg=", "a.cls=1"], "leads out"),
    (["/etc/a.jpg=", "a.cls=1"], "'/etc/a.jpg' leads out"),
  ]

  @Test(arguments: mistakes)
  func problemsAreNamed(members: [String], words: String) throws {
    try withTemporaryFolder { root in
      var tar = TarBuilder()
      for member in members {
        let parts = member.split(separator: "=", omittingEmptySubsequences: false)
        tar.add(String(parts[0]), text: String(parts[1]))
      }
      try AtomicFile.write(tar.data, to: root + "/0.tar")
      expectProblem(.badData, containing: root, words) { try Self.open(root) }
    }
  }

  @Test func namesInAListAreLookedUp() throws {
    try withTemporaryFolder { root in
      var tar = TarBuilder()
      tar.add("a.jpg", [1])
      tar.add("a.txt", text: "bee")
      try AtomicFile.write(tar.data, to: root + "/0.tar")
      try plant(root, "classnames.txt", text: "ant\r\nbee\r\n")
      #expect(try Self.open(root).samples.map(\.label) == [1])
      try plant(root, "classnames.txt", text: "ant\n\nbee\n")
      expectProblem(.badData, containing: "classnames.txt:2", "empty") { try Self.open(root) }
      try plant(root, "classnames.txt", text: "ant\n")
      expectProblem(.badData, containing: "0.tar/a.jpg", "'bee'") { try Self.open(root) }
    }
  }

  @Test func parquetIsRefusedPlainly() throws {
    try withTemporaryFolder { root in
      try plant(root, "hub/data/train-00000-of-00001.parquet", "hub/README.md")
      for path in ["/hub", "/hub/data", "/hub/data/train-00000-of-00001.parquet"] {
        let error = expectProblem(.badData, containing: "parquet is not read") {
          try Self.open(root + path)
        }
        #expect(error?.remedy.contains(".csv") == true)
      }
    }
  }
}
