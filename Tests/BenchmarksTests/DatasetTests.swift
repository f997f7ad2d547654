import Basics
import Benchmarks
import TestSupport
import Testing

@Suite struct DatasetTests {
  private func set(_ classes: [String], _ labels: [Int]) -> Dataset {
    Dataset(
      name: "s", kind: "folder", rule: "r", split: "all", root: "/r", classes: classes,
      samples: labels.enumerated().map { .init(path: "\($0.offset).jpg", label: $0.element) })
  }

  @Test func samplesAreInByteOrder() {
    let paths = [
      "é/1.jpg", "z/1.jpg", "e\u{301}/1.jpg", "a b/1.jpg", "a/1.jpg", "a/10.jpg", "B/1.jpg",
    ]
    let set = Dataset(
      name: "s", kind: "folder", rule: "r", split: "all", root: "/r", classes: ["c"],
      samples: paths.map { .init(path: $0, label: 0) })
    #expect(
      set.samples.map { Array($0.path.utf8) }
        == ["B/1.jpg", "a b/1.jpg", "a/1.jpg", "a/10.jpg", "e\u{301}/1.jpg", "z/1.jpg", "é/1.jpg"]
        .map { Array($0.utf8) })
  }

  @Test func labelsAreMatchedByName() throws {
    let subset = set(["dog", "ant"], [0, 1, 0])
    let aligned = try subset.aligned(to: ["ant", "bee", "dog"])
    #expect(aligned.samples.map(\.label) == [2, 0, 2])
    #expect(aligned.classes == ["ant", "bee", "dog"])
    expectProblem(.badData, containing: "'dog' is not among", "nearest is 'dot'") {
      try subset.aligned(to: ["ant", "dot"])
    }
    expectProblem(.badData, containing: "2 classes") {
      try subset.aligned(to: ["ant", "dog", "dog"])
    }
  }

  @Test func anInspectionHasTheFieldsOfTheInterface() {
    var plain = set(["x"], [0, 0])
    #expect(
      plain.inspection(samples: 1).text()
        == #"{"bytes":null,"classes":1,"conditions":{},"domains":[],"expected_images":null,"#
        + #""ignored_files":0,"images":2,"kind":"folder","metrics":["top1"],"missing_files":0,"#
        + #""name":"s","rule":"r","samples":[{"domain":null,"group":null,"label":0,"name":"x","#
        + #""path":"0.jpg"}],"split":"all"}"#)
    plain.expectedImages = 3
    plain.metrics = [.worstGroup, .top1]
    plain.conditions = ["missing": .integer(1)]
    plain.samples[0].domain = "real"
    plain.samples[0].group = "Asia"
    let value = plain.inspection(samples: 5)
    #expect(value["expected_images"] == .integer(3))
    #expect(value["metrics"] == .array([.string("worst-group"), .string("top1")]))
    #expect(value["conditions"]?["missing"] == .integer(1))
    #expect(value["domains"] == .array([.string("real")]))
    #expect(value["samples"]?.array?.count == 2)
    #expect(value["samples"]?.array?.first?["domain"] == .string("real"))
    #expect(value["samples"]?.array?.first?["group"] == .string("Asia"))
  }

  @Test(arguments: [
    ("photos", DatasetSpecifier(path: "photos")),
    ("photos#val", DatasetSpecifier(path: "photos", split: "val")),
    ("photos#validation", DatasetSpecifier(path: "photos", split: "val")),
    ("folder:a/b#test", DatasetSpecifier(kind: "folder", path: "a/b", split: "test")),
    ("csv:x.txt", DatasetSpecifier(kind: "csv", path: "x.txt")),
    ("a/b:c", DatasetSpecifier(path: "a/b:c")),
    ("a#b/c", DatasetSpecifier(path: "a#b/c")),
    ("builtin:minidomains/*", DatasetSpecifier(kind: "builtin", path: "minidomains/*")),
  ])
  func specifiersAreRead(text: String, expected: DatasetSpecifier) throws {
    #expect(try DatasetSpecifier.parse(text) == expected)
  }

  @Test func aPathThatExistsIsAPath() throws {
    try withTemporaryFolder { root in
      try plant(root, "a#val/x/1.jpg")
      let specifier = try DatasetSpecifier.parse(root + "/a#val")
      #expect(specifier == DatasetSpecifier(path: root + "/a#val"))
      #expect(try specifier.open(for: .training).first?.samples.count == 1)
    }
  }

  @Test func badSpecifiersAreUsageErrors() {
    let error = expectProblem(.usage, containing: "'foldr'") {
      try DatasetSpecifier.parse("foldr:x")
    }
    #expect(error?.remedy.contains("Did you mean 'folder:'") == true)
    expectProblem(.usage, containing: "empty") { try DatasetSpecifier.parse("") }
    expectProblem(.usage, containing: "missing") { try DatasetSpecifier.parse("folder:") }
  }
}
