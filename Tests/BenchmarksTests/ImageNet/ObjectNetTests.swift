import Basics
import Benchmarks
import Foundation
import Images
import TestSupport
import Testing

@Suite struct ObjectNetTests {
  /// An object: its folder, its label and its classes of ImageNet, none for one that ImageNet lacks.
  private struct Object {
    var folder: String
    var label: String
    var indices: [Int]
  }

  /// Objects of the published mapping, those with several classes among them.
  private static let some = [
    Object(folder: "alarm_clock", label: "Alarm clock", indices: [409, 530]),
    Object(folder: "bicycle", label: "Bicycle", indices: [444, 671]),
    Object(folder: "chair", label: "Chair", indices: [423, 559, 765]),
    Object(folder: "butchers_knife", label: "Butcher's knife", indices: [499]),
    Object(folder: "full_sized_towel", label: "Bath towel", indices: [434]),
    Object(folder: "coffee_french_press", label: "Coffee/French press", indices: [550]),
    Object(folder: "t-shirt", label: "T-shirt", indices: [610]),
    Object(folder: "air_freshener", label: "Air freshener", indices: []),
    Object(folder: "zipper", label: "Zipper", indices: []),
  ]

  /// The line of a class in the list of ImageNet's labels, whose order is another than the indices'.
  private static func line(of index: Int) -> Int { (index * 7 + 3) % 1000 }

  /// The ImageNet label of a class; two are called crane, as in the published list.
  private static func name(of index: Int) -> String {
    [134, 517].contains(index) ? "crane" : "label \(index), another word for it"
  }

  /// The four mapping files, with some texts replaced.
  private func plantMappings(
    _ tree: BenchmarkTree, _ objects: [Object], replacing: [String: String] = [:],
    root: String = "objectnet-1.0"
  ) throws {
    let folders = Dictionary(uniqueKeysWithValues: objects.map { ($0.folder, $0.label) })
    let overlap = Dictionary(
      uniqueKeysWithValues: objects.filter { !$0.indices.isEmpty }.map {
        ($0.label, $0.indices.map(Self.name(of:)).joined(separator: "; "))
      })
    var lines = [String](repeating: "", count: 1000)
    for index in 0..<1000 { lines[Self.line(of: index)] = Self.name(of: index) }
    let ids = Dictionary(uniqueKeysWithValues: (0..<1000).map { (String($0), Self.line(of: $0)) })
    let texts = [
      "folder_to_objectnet_label.json": JSONValue.object(folders.mapValues(JSONValue.string))
        .text(),
      "objectnet_to_imagenet_1k.json": JSONValue.object(overlap.mapValues(JSONValue.string)).text(),
      "imagenet_to_label_2012_v2": lines.joined(separator: "\n") + "\n",
      "pytorch_to_imagenet_2012_id.json": JSONValue.object(ids.mapValues(JSONValue.integer)).text(),
    ]
    for (name, text) in texts {
      try tree.add("\(root)/mappings/\(name)", text: replacing[name] ?? text)
    }
  }

  private func plantImages(
    _ tree: BenchmarkTree, _ objects: [Object], count: Int = 1, root: String = "objectnet-1.0"
  ) throws {
    try tree.images(
      objects.map { "\(root)/images/\($0.folder)" }, count: count, name: { "\($0)\($1).png" },
      try BenchmarkTree.png.get())
  }

  @Test func classesComeFromTheMappingFiles() throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      try plantMappings(tree, Self.some)
      try plantImages(tree, Self.some, count: 2)
      try tree.add("objectnet-1.0/images/README.txt", "objectnet-1.0/LICENSE", text: "")
      for path in ["", "/objectnet-1.0", "/objectnet-1.0/images", "/objectnet-1.0/"] {
        let set = try openSet(nil, root + path)
        #expect(set.kind == "objectnet" && set.name == "objectnet" && set.split == "test")
        // Sorted by folder; the folder of the bath towel has another name.
        #expect(
          set.classes == [
            "Alarm clock", "Bicycle", "Butcher's knife", "Chair", "Coffee/French press",
            "Bath towel", "T-shirt",
          ])
        let map = try #require(set.classMap)
        #expect(
          map.columns == [[409, 530], [444, 671], [499], [423, 559, 765], [550], [434], [610]])
        #expect(map.list == "imagenet-1k" && map.names[409] == "analog clock")
        #expect(set.samples.map(\.label) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6])
        #expect(set.samples[0].path == "images/alarm_clock/alarm_clock1.png")
        // Four images of objects that ImageNet lacks, and a note.
        #expect(set.ignoredFiles == 5)
        #expect(set.expectedImages == 18_574)
        #expect(set.metrics == [.top1, .top1OfAll])
        #expect(set.border == 2)
        #expect(set.conditions == ["border": .integer(2), "missing": .integer(18_560)])
      }
    }
  }

  @Test(arguments: [("2", 4), ("0", 8)])
  func theBorderIsAChoice(option: String, side: Int) throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      try plantMappings(tree, Self.some)
      try plantImages(tree, Self.some)
      let specifier = try DatasetSpecifier.parse("objectnet:\(root)?border=\(option)")
      let set = try #require(try specifier.open(for: .evaluation, allowMissing: true).first)
      #expect(set.conditions["border"] == .integer(side == 8 ? 0 : 2))
      let image = try ImageFile.read(set.item(of: set.samples[0]))
      #expect(image.width == side && image.height == side)
      #expect(Array(image.pixels.prefix(3)) == (side == 8 ? [255, 0, 0] : [128, 128, 128]))
      expectProblem(.usage, containing: "border=1") {
        try openSets("objectnet", root, options: ["border": "1"])
      }
    }
  }

  @Test func aCompleteCopyHas18574Images() throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      // 113 objects with 125 classes, nine objects with more than one, and one beside them.
      let several = [2, 2, 3, 2, 3, 3, 2, 2, 2]
      var objects: [Object] = []
      var next = 0
      for number in 0..<113 {
        let count = number < several.count ? several[number] : 1
        objects.append(
          Object(
            folder: "object_\(1000 - number)", label: "O \(number)",
            indices: Array(next..<(next + count))))
        next += count
      }
      #expect(next == 125)
      try plantMappings(tree, objects + [Object(folder: "other", label: "Other", indices: [])])
      for count in [9, 164, 205, 206] {
        try tree.images(["store/\(count)"], count: count) { _, n in "\(n).png" }
      }
      for object in objects {
        try tree.link("objectnet-1.0/images/\(object.folder)", to: "store/164")
      }
      let first = "objectnet-1.0/images/object_1000"
      try tree.link(first, to: "store/206")
      try tree.link("objectnet-1.0/images/other", to: "store/9")
      let set = try openSet(nil, root, allowMissing: false)
      #expect(set.samples.count == 18_574 && set.classes.count == 113)
      #expect(set.ignoredFiles == 9 && set.conditions == ["border": .integer(2)])
      #expect(set.classMap?.columns.joined().count == 125)
      try tree.link(first, to: "store/205")
      expectProblem(.missingInput, containing: "18573 images, a complete copy has 18574") {
        try openSets(nil, root, allowMissing: false)
      }
      try FileManager.default.removeItem(atPath: root + "/" + first)
      expectProblem(
        .missingInput, containing: "1 of the 113 class folders are missing: object_1000"
      ) {
        try openSets(nil, root, allowMissing: false)
      }
    }
  }

  @Test(arguments: [
    ("folder_to_objectnet_label.json", "[]", "not a JSON object"),
    ("folder_to_objectnet_label.json", "{", "not valid JSON"),
    ("folder_to_objectnet_label.json", #"{"chair": 3}"#, "the value of 'chair' is not a text"),
    ("folder_to_objectnet_label.json", #"{"chair": "Chair", "stool": "Chair"}"#, "two folders"),
    (
      "folder_to_objectnet_label.json", #"{"chair": "Chair"}"#, "the label 'Alarm clock' belongs to"
    ),
    ("objectnet_to_imagenet_1k.json", "{}", "no labels in it"),
    ("objectnet_to_imagenet_1k.json", #"{"Chair": "throne"}"#, "'throne', for 'Chair', is no line"),
    ("objectnet_to_imagenet_1k.json", #"{"Chair": "crane"}"#, "'crane', for 'Chair', is more than"),
    (
      "objectnet_to_imagenet_1k.json",
      #"{"Chair": "label 5, another word for it", "Bicycle": "label 5, another word for it"}"#,
      "'Bicycle' and 'Chair' stand for the same class"
    ),
    ("imagenet_to_label_2012_v2", "kit fox\n", "no line of its own"),
    ("pytorch_to_imagenet_2012_id.json", #"{"1000": 1}"#, "'1000' is no class index"),
    ("pytorch_to_imagenet_2012_id.json", #"{"1": 7, "2": 7}"#, "no line of its own"),
    ("pytorch_to_imagenet_2012_id.json", #"{"1": "7"}"#, "'1' is no class index"),
    ("pytorch_to_imagenet_2012_id.json", "{}", "is of no class"),
  ])
  func aMappingThatLeadsNowhereIsRefused(file: String, text: String, words: String) throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      try plantMappings(tree, Self.some, replacing: [file: text])
      try plantImages(tree, Self.some)
      expectProblem(.badData, containing: "/mappings/", words) { try openSets(nil, root) }
    }
  }

  @Test func foldersMustBeKnownAndThere() throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      try plantMappings(tree, Self.some)
      try plantImages(tree, Array(Self.some.dropFirst()))
      expectProblem(
        .missingInput, containing: "1 of the 7 class folders are missing: alarm_clock"
      ) {
        try openSets(nil, root, allowMissing: false)
      }
      #expect(try openSet(nil, root).samples.first?.label == 1)
      try tree.add(["objectnet-1.0/images/unicorn/1.png"])
      expectProblem(.badData, containing: "the folder 'unicorn' is not in") {
        try openSets(nil, root)
      }
      try FileManager.default.removeItem(
        atPath: root + "/objectnet-1.0/mappings/imagenet_to_label_2012_v2")
      expectProblem(.missingInput, containing: "imagenet_to_label_2012_v2") {
        try openSets(nil, root)
      }
      let error = expectProblem(.missingInput, containing: "folder_to_objectnet_label.json") {
        try openSets("objectnet", root + "/objectnet-1.0/mappings")
      }
      #expect(error?.remedy.contains("objectnet-1.0") == true)
    }
  }
}
