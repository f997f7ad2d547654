import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

/// PACS, VLCS, Office-Home and TerraIncognita in the forms they are passed around in.
@Suite struct DomainBenchmarkTests {
  private func open(
    _ text: String, for purpose: DatasetPurpose = .evaluation, allowMissing: Bool = true
  ) throws -> [Dataset] {
    try DatasetSpecifier.parse(text).open(for: purpose, allowMissing: allowMissing)
  }

  static let pacs = ["dog", "elephant", "giraffe", "guitar", "horse", "house", "person"]
  static let pacsDomains = ["art_painting", "cartoon", "photo", "sketch"]

  /// What a benchmark is on disk, and what it is read as.
  struct Case: CustomTestStringConvertible, Sendable {
    var kind: String
    /// The domains' folders in the order in which they are opened.
    var folders: [String]
    var names: [String]
    var count: Int
    /// The last class folder, as the form spells it, with its label.
    var last: (String, Int)
    var first: (String, Int)
    var expected: [Int]

    var testDescription: String { "\(kind): \(folders[0])" }
  }

  static let cases = [
    Case(
      kind: "pacs", folders: pacsDomains, names: pacsDomains, count: 7, last: ("person", 6),
      first: ("dog", 0), expected: [2_048, 2_344, 1_670, 3_928]),
    Case(
      kind: "vlcs", folders: ["Caltech101", "LabelMe", "SUN09", "VOC2007"],
      names: ["caltech101", "labelme", "sun09", "voc2007"], count: 5, last: ("person", 4),
      first: ("bird", 0), expected: [1_415, 2_656, 3_282, 3_376]),
    Case(
      kind: "office-home", folders: ["Art", "Clipart", "Product", "Real World"],
      names: ["art", "clipart", "product", "real_world"], count: 65, last: ("Webcam", 64),
      first: ("TV", 58), expected: [2_427, 4_365, 4_439, 4_357]),
    Case(
      kind: "office-home", folders: ["art", "clipart", "product", "real_world"],
      names: ["art", "clipart", "product", "real_world"], count: 65, last: ("table", 59),
      first: ("alarm_clock", 0), expected: [2_427, 4_365, 4_439, 4_357]),
    Case(
      kind: "terra-incognita",
      folders: ["location_100", "location_38", "location_43", "location_46"],
      names: ["location_100", "location_38", "location_43", "location_46"], count: 10,
      last: ("squirrel", 9), first: ("bird", 0), expected: [4_741, 9_736, 3_970, 5_883]),
  ]

  @Test(arguments: cases)
  func domainFoldersHaveTheBenchmarksLabels(_ form: Case) throws {
    try withTemporaryFolder { root in
      // Two classes in the first domain, one in the others: what is there shifts no label.
      try touch(root, ["\(form.folders[0])/\(form.first.0)/1.jpg", "\(form.folders[0])/notes.txt"])
      try touch(root, form.folders.map { "\($0)/\(form.last.0)/2.jpg" })
      for text in [root, root + "/*", "\(form.kind):\(root)"] {
        let sets = try open(text)
        #expect(sets.map(\.name) == form.names.map { "\(form.kind)/\($0)" })
        #expect(sets.map(\.expectedImages) == form.expected)
        #expect(sets.map(\.samples.count) == [2, 1, 1, 1])
        for (index, set) in sets.enumerated() {
          #expect(set.kind == form.kind)
          #expect(set.classes.count == form.count)
          #expect(set.samples.last?.label == (index == 0 ? set.samples.last?.label : form.last.1))
          #expect(set.samples.allSatisfy { $0.domain == form.names[index] })
          #expect(
            set.conditions["missing"] == .integer(form.expected[index] - set.samples.count))
          #expect(set.split == "all")
          #expect(FileManager.default.fileExists(atPath: set.path(of: set.samples[0])))
        }
        #expect(Set(sets[0].samples.map(\.label)) == [form.first.1, form.last.1])
        #expect(sets[0].ignoredFiles == 1)
      }
      for spelling in [form.folders[3], form.names[3]] {
        let one = try open("\(form.kind):\(root)/\(spelling)", for: .training)
        #expect(one.map(\.name) == ["\(form.kind)/\(form.names[3])"])
        #expect(try open("\(root)/\(spelling)").map(\.kind) == [form.kind])
      }
      #expect(try open(root, for: .validation).isEmpty)
      expectProblem(.missingInput, containing: "a complete copy has \(form.expected[0])") {
        try open(root, allowMissing: false)
      }
    }
  }

  @Test func classesAreInTheOrderOfPublishedWork() throws {
    try withTemporaryFolder { root in
      try touch(root, ["Art/TV/1.jpg"])
      let set = try #require(try open("office-home:" + root).first)
      let folders = set.classes.map { $0.replacingOccurrences(of: " ", with: "_") }
      #expect(folders == folders.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
      #expect(Set(folders).count == 65)
      #expect(set.classes[0] == "Alarm Clock")
      // A benchmark of which three domains are missing is not recognised by itself.
      #expect(try open(root).first?.kind == "folder")
    }
  }

  @Test func aCompleteCopyNeedsNoLeave() throws {
    try withTemporaryFolder { root in
      try touch(root, (0..<1_670).map { "photo/\(Self.pacs[$0 % 7])/056_\($0).jpg" })
      let set = try #require(try open("pacs:\(root)/photo", allowMissing: false).first)
      #expect(set.samples.count == 1_670)
      #expect(set.conditions.isEmpty)
      #expect(set.metrics == [.top1])
      try touch(root, ["photo/dog/copy.jpg"])
      expectProblem(.badData, containing: "1671 images, a complete copy has 1670") {
        try open("pacs:\(root)/photo", allowMissing: false)
      }
    }
  }

  @Test func whatIsNoClassIsNamed() throws {
    try withTemporaryFolder { root in
      try touch(root, ["photo/dog/1.jpg", "photo/giraff/2.jpg", "cartoon/dog/3.jpg"])
      let error = expectProblem(.badData, containing: "photo: 'giraff' is not one of the 7") {
        try open("pacs:" + root)
      }
      #expect(error?.remedy.contains("'giraffe'") == true)
      // A number is a class only where copies are numbered.
      try touch(root, ["sketch/0/1.jpg"])
      expectProblem(.badData, containing: "'0' is not one of") { try open("pacs:\(root)/sketch") }
      try touch(root, ["vlcs/SUN/5/1.jpg", "vlcs/PASCAL/readme.txt"])
      expectProblem(.badData, containing: "'5' is not one of") {
        try open("vlcs:\(root)/vlcs/SUN")
      }
      expectProblem(.badData, containing: "no images") { try open("vlcs:\(root)/vlcs/PASCAL") }
      expectProblem(.badData, containing: "no folder of a domain") { try open("vlcs:" + root) }
      expectProblem(.missingInput, containing: "no such folder") {
        try open("pacs:\(root)/nothing")
      }
    }
  }

  @Test func theFaultySketchIsLeftOut() throws {
    try withTemporaryFolder { root in
      try touch(root, ["sketch/dog/n02103406_4068-1.png", "sketch/dog/5281.png"])
      let set = try #require(try open("pacs:" + root).first)
      #expect(set.samples.map(\.path) == ["sketch/dog/5281.png"])
      #expect(set.ignoredFiles == 1)
      #expect(set.rule.contains("n02103406_4068-1.png"))
    }
  }

  // MARK: Dassl's forms

  /// PACS with the lists of Dassl: train and crossval of a domain together are its test list.
  private func withLists<R>(
    images: String = "images/", lists: String = "splits/", _ body: (String) throws -> R
  ) throws -> R {
    try withTemporaryFolder { folder in
      let root = folder + "/pacs"
      for domain in Self.pacsDomains {
        var lines = [
          "\(domain)/person/pic_3.jpg 7", "\(domain)/dog/pic_1.jpg 1",
          "\(domain)/house/pic_2.jpg 6",
        ]
        try touch(root, lines.map { images + $0.prefix { $0 != " " } })
        if domain == "sketch" { lines.append("sketch/dog/n02103406_4068-1.png 1") }
        let parts = ["train": lines[0...1], "crossval": lines[2...], "test": lines[...]]
        for (split, lines) in parts {
          try plant(
            root, "\(lists)\(domain)_\(split)_kfold.txt",
            text: lines.joined(separator: "\n") + "\n")
        }
      }
      return try body(root)
    }
  }

  @Test(
    arguments: [
      ("images/", "splits/"), ("images/kfold/", "splits/"), ("", ""), ("kfold/", "kfold/"),
    ])
  func listsCountFromOne(images: String, lists: String) throws {
    try withLists(images: images, lists: lists) { root in
      let base = images.isEmpty ? root : "\(root)/\(images.dropLast())"
      for text in [root, "pacs:" + root, "pacs:" + base] {
        let sets = try open(text)
        #expect(sets.map(\.name) == Self.pacsDomains.map { "pacs/\($0)" })
        for set in sets {
          #expect(set.samples.map(\.label) == [0, 5, 6])
          #expect(set.classes == Self.pacs)
          #expect(set.rule.contains("minus 1"))
          #expect(FileManager.default.fileExists(atPath: set.path(of: set.samples[0])))
        }
        #expect(sets[3].ignoredFiles == 1)
      }
      let train = try #require(try open("\(base)/photo", for: .training, allowMissing: false).first)
      #expect(train.samples.map(\.label) == [0, 6])
      #expect(train.split == "train")
      let val = try #require(try open("pacs:\(root)/photo", for: .validation).first)
      #expect(val.samples.map(\.label) == [5])
      #expect(val.split == "val")
    }
  }

  @Test func theTestListIsTheWholeDomain() throws {
    try withLists { root in
      let text = "pacs:\(root)/photo"
      for text in [text, text + "#test", text + "#all"] {
        let set = try #require(try open(text).first)
        #expect(set.split == "all")
        #expect(set.samples.count == 3)
        #expect(set.expectedImages == 1_670)
      }
      // It holds the images to train on, so that it is no test of what was trained on the domain.
      #expect(try DatasetSpecifier.parse(text).ownTestPart() == nil)
    }
  }

  @Test(arguments: [
    ("photo/dog/pic_1.jpg 0", "photo_test_kfold.txt:1: the label 0 is not that of 'dog'"),
    ("\nphoto/dog/pic_1.jpg 2", "photo_test_kfold.txt:2: the label 2 is not that of 'dog'"),
    ("photo/cow/pic_1.jpg 1", "photo_test_kfold.txt:1: 'cow' is not one of the 7 classes"),
    ("photo/dog/../../../x/1.jpg 1", "photo_test_kfold.txt:1: the path"),
    ("photo/dog/pic_1.jpg", "photo_test_kfold.txt:1:"),
    ("\n", "the test list of photo is empty"),
  ])
  func badListsNameTheLine(text: String, words: String) throws {
    try withLists { root in
      try plant(root, "splits/photo_test_kfold.txt", text: text)
      expectProblem(.badData, containing: words) { try open("pacs:\(root)/photo") }
    }
  }

  @Test func listedImagesThatAreMissingAreCounted() throws {
    try withLists { root in
      try FileManager.default.removeItem(atPath: root + "/images/photo/person")
      expectProblem(.missingInput, containing: "1 of 2 listed images are missing") {
        try open("pacs:\(root)/photo", for: .training, allowMissing: false)
      }
      let set = try #require(try open("pacs:\(root)/photo", for: .training).first)
      #expect(set.samples.map(\.label) == [0])
      #expect(set.conditions == ["missing": .integer(1)])
    }
  }

  @Test func numberedClassesAndSplitFolders() throws {
    try withTemporaryFolder { root in
      let domains = ["CALTECH", "LABELME", "PASCAL", "SUN"]
      for domain in domains {
        try touch(
          root,
          ["train/0/1.jpg", "train/4/2.jpg", "crossval/0/1.jpg", "test/1/3.jpg"].map {
            "\(domain)/\($0)"
          })
      }
      let tests = try open(root, allowMissing: false)
      #expect(
        tests.map(\.name) == ["caltech101", "labelme", "sun09", "voc2007"].map { "vlcs/\($0)" })
      #expect(tests.allSatisfy { $0.samples.map(\.label) == [1] && $0.split == "test" })
      let pascal = "vlcs:\(root)/PASCAL"
      let train = try #require(try open(pascal, for: .training, allowMissing: false).first)
      #expect(train.samples.map(\.label) == [0, 4])
      #expect(train.samples.map(\.path) == ["PASCAL/train/0/1.jpg", "PASCAL/train/4/2.jpg"])
      #expect(train.classes == ["bird", "car", "chair", "dog", "person"])
      #expect(try open(pascal, for: .validation).first?.split == "val")
      // An image that two splits have is one image of the domain.
      let all = try #require(try open(pascal + "#all").first)
      #expect(all.samples.count == 3)
      #expect(all.expectedImages == 3_376)
      try touch(root, ["PASCAL/full/bird/1.jpg", "PASCAL/full/dog/9.jpg"])
      #expect(try open(pascal + "#all").first?.samples.map(\.label) == [0, 3])
      #expect(try open(pascal).first?.split == "test")
      try touch(root, ["PASCAL/person/1.jpg"])
      expectProblem(.badData, containing: "'person', which is none") { try open(pascal) }
      try touch(root, ["SUN/val/0/1.jpg"])
      expectProblem(.badData, containing: "are both the val split") {
        try open("vlcs:\(root)/SUN")
      }
    }
  }

  @Test func officeHomeWithTrainAndValidation() throws {
    try withTemporaryFolder { root in
      for domain in ["art", "clipart", "product", "real_world"] {
        try touch(root, ["\(domain)/train/TV/1.jpg", "\(domain)/val/Toys/2.jpg"])
      }
      let train = try #require(try open("\(root)/art", for: .training, allowMissing: false).first)
      #expect(train.name == "office-home/art")
      #expect(train.samples.map(\.label) == [58])
      #expect(try open("\(root)/art", allowMissing: false).first?.split == "val")
      let all = try #require(try open("\(root)/art#all").first)
      #expect(all.samples.map(\.label) == [58, 62])
      #expect(all.expectedImages == 2_427)
      expectProblem(.missingInput, containing: "no split 'test'") { try open("\(root)/art#test") }
    }
  }
}
