import Basics
import Benchmarks
import Foundation
import Images
import TestSupport
import Testing

/// The index of a large set: what it saves, and when it is not believed.
@Suite struct DatasetIndexTests {
  /// From so many images on there is an index.
  private static let smallest = 20_000
  /// So many rows that the images of some folders may be missing.
  private static let count = 24_000

  /// A folder with a table of many rows for few images, long unchanged, and a cache.
  private final class Place {
    let root: String
    let cache: String
    var table: String { root + "/data/list.csv" }

    init(_ root: String, rows: Int = count) throws {
      self.root = root
      cache = root + "/cache"
      var text = "filepath,label,domain,split\n"
      for row in 0..<rows {
        text += "\(row % 7)/\(row % 5).jpg,\(["b", "a"][row % 5 / 4]),\(["x", ""][row % 2]),train\n"
      }
      text += "0/0.jpg,b,x,test\n"
      try plant(root, "data/list.csv", text: text)
      for row in 0..<35 { try plant(root, "data/\(row % 7)/\(row % 5).jpg", text: "12345") }
      try age()
    }

    /// Moves every time of change into the past; what is as young as the index is not believed.
    func age(by seconds: Double = 3600) throws {
      let then = Date(timeIntervalSinceNow: -seconds)
      let files = FileManager.default
      for path in try [""] + files.subpathsOfDirectory(atPath: root + "/data") {
        try files.setAttributes(
          [.modificationDate: then], ofItemAtPath: root + "/data/" + path)
      }
    }

    func open(_ suffix: String = "", allowMissing: Bool = false) throws -> Dataset {
      let sets = try DatasetSpecifier.parse(table + suffix).open(
        for: .training, allowMissing: allowMissing, cache: cache)
      return try #require(sets.first)
    }

    /// The files of the cache.
    var indices: [String] {
      let found = try? FileManager.default.contentsOfDirectory(atPath: cache + "/index")
      return (found ?? []).sorted().map { cache + "/index/" + $0 }
    }
  }

  @Test func theSecondOpeningGivesTheSame() throws {
    try withTemporaryFolder { root in
      let place = try Place(root)
      let first = try place.open()
      let file = try #require(place.indices.first)
      #expect(place.indices.count == 1)
      let written =
        try FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date
      let second = try place.open()
      #expect(first == second)
      #expect(first.samples.count == Self.count && first.bytes == 5 * Self.count)
      #expect(second.samples.first?.domain == first.samples.first?.domain)
      // It was not written again, so it was believed.
      let again = try FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date
      #expect(written == again)
    }
  }

  @Test func theFirstOpeningTellsHowFarItIs() throws {
    try withTemporaryFolder { root in
      let place = try Place(root)
      for isFirst in [true, false] {
        let calls = Calls()
        _ = try DatasetSpecifier.parse(place.table).open(
          for: .training, cache: place.cache, progress: { calls.add($0, $1) })
        #expect(calls.all.isEmpty == !isFirst)
        #expect(calls.all.allSatisfy { $0.done <= $0.total && $0.total >= Self.count })
        #expect(!isFirst || calls.all.contains { $0.done == $0.total })
        #expect(calls.all.map(\.done) == calls.all.map(\.done).sorted())
      }
    }
  }

  /// What a progress closure was called with.
  private final class Calls: @unchecked Sendable {
    private let lock = NSLock()
    private var list: [(done: Int, total: Int)] = []

    var all: [(done: Int, total: Int)] { lock.withLock { list } }

    func add(_ done: Int, _ total: Int) { lock.withLock { list.append((done, total)) } }
  }

  @Test func aSetThatMovesIsReadWhereItIs() throws {
    try withTemporaryFolder { root in
      let files = FileManager.default
      let place = try Place(root)
      let first = try place.open()
      // Another set comes to lie where the index was made, and the first one goes elsewhere.
      try files.createDirectory(atPath: root + "/moved", withIntermediateDirectories: true)
      try files.moveItem(atPath: root + "/data", toPath: root + "/moved/data")
      let table = root + "/moved/data/list.csv"
      let moved = try #require(
        try DatasetSpecifier.parse(table).open(for: .training, cache: place.cache).first)
      #expect(moved.samples == first.samples && moved.root == root + "/moved/data")
      #expect(moved.samples.allSatisfy { !$0.path.hasPrefix("/") })
      #expect(moved.samples.prefix(9).allSatisfy { files.fileExists(atPath: moved.path(of: $0)) })
      let other = try Place(root, rows: 21_000)
      #expect(try other.open().samples.count == 21_000)
    }
  }

  @Test func whatIsInTheIndexIsWhatIsOpened() throws {
    try withTemporaryFolder { root in
      let place = try Place(root)
      _ = try place.open()
      let file = try #require(place.indices.first)
      // A label in the index that is another than the table's, with the sum set right.
      var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
      let name = try #require(Data(bytes).range(of: Data("list\u{3}\0\0\0csv".utf8)))
      bytes[name.lowerBound] = UInt8(ascii: "m")
      let sum = Compression.crc32(Data(bytes[12...]))
      for index in 0..<4 { bytes[8 + index] = UInt8(truncatingIfNeeded: sum >> (8 * index)) }
      try AtomicFile.write(Data(bytes), to: file)
      #expect(try place.open().name == "mist")
      // Without the sum it is read again.
      bytes[name.lowerBound] = UInt8(ascii: "f")
      try AtomicFile.write(Data(bytes), to: file)
      #expect(try place.open().name == "list")
    }
  }

  @Test(arguments: ["a new file", "a file less", "another table", "a folder less"])
  func aChangeIsNoticed(_ change: String) throws {
    try withTemporaryFolder { root in
      let place = try Place(root)
      #expect(try place.open().samples.count == Self.count)
      let index = try Data(contentsOf: URL(fileURLWithPath: try #require(place.indices.first)))
      let files = FileManager.default
      switch change {
      case "a new file": try plant(root, "data/3/new.jpg")
      case "a file less": try files.removeItem(atPath: root + "/data/3/3.jpg")
      case "a folder less": try files.removeItem(atPath: root + "/data/6")
      default:
        let text = try String(contentsOfFile: place.table, encoding: .utf8)
        try plant(root, "data/list.csv", text: text + "6/4.jpg,a,x,train\n")
      }
      switch change {
      case "a file less", "a folder less":
        expectProblem(.missingInput, containing: "is not there") { try place.open() }
        #expect(try place.open(allowMissing: true).missingFiles.count > 500)
      case "a new file": #expect(try place.open().samples.count == Self.count)
      default: #expect(try place.open().samples.count == Self.count + 1)
      }
      // What has only just changed is not indexed, so that the next change shows too; what is gone
      // cannot change without coming back.
      let after = try Data(contentsOf: URL(fileURLWithPath: try #require(place.indices.first)))
      #expect((after == index) == (change != "a folder less"))
      try place.age(by: 60)
      _ = try place.open(allowMissing: true)
      #expect(
        try Data(contentsOf: URL(fileURLWithPath: try #require(place.indices.first))) != index)
    }
  }

  @Test func anIndexThatLacksImagesServesOnlyWhereTheyMayBeMissing() throws {
    try withTemporaryFolder { root in
      let place = try Place(root)
      try FileManager.default.removeItem(atPath: root + "/data/3/3.jpg")
      try place.age()
      let lacking = try place.open(allowMissing: true)
      #expect(lacking.bytes != nil && place.indices.count == 1)
      #expect(lacking.conditions["missing"] == .integer(lacking.missingFiles.count))
      #expect(try place.open(allowMissing: true) == lacking)
      expectProblem(.missingInput, containing: "3/3.jpg is not there") { try place.open() }
    }
  }

  @Test func damageIsHealedInSilence() throws {
    try withTemporaryFolder { root in
      let place = try Place(root)
      let whole = try place.open()
      let file = try #require(place.indices.first)
      let content = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
      var random = CounterRandom(3)
      for round in 0..<12 {
        var bytes = content
        if round % 3 == 0 {
          bytes.removeLast(1 + random.below(bytes.count))
        } else {
          bytes[random.below(round % 3 == 1 ? 400 : bytes.count)] ^= UInt8(1 + random.below(255))
        }
        try AtomicFile.write(Data(bytes), to: file)
        #expect(try place.open() == whole)
        #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: file))) == content)
      }
      // Numbers that point beyond their columns, under a sum that is right.
      for _ in 0..<12 {
        var bytes = content
        for _ in 0..<4 { bytes[300 + random.below(bytes.count - 300)] = 255 }
        let sum = Compression.crc32(Data(bytes[12...]))
        for index in 0..<4 { bytes[8 + index] = UInt8(truncatingIfNeeded: sum >> (8 * index)) }
        try AtomicFile.write(Data(bytes), to: file)
        _ = try place.open()
      }
    }
  }

  @Test func whatIsAskedForHasItsOwnIndex() throws {
    try withTemporaryFolder { root in
      let place = try Place(root)
      #expect(try place.open().split == "train")
      #expect(try place.open("#all").samples.count == Self.count + 1)
      #expect(place.indices.count == 2)
      // The test split is small.
      #expect(try place.open("#test").samples.count == 1)
      #expect(place.indices.count == 2)
      #expect(try place.open().split == "train")
    }
  }

  @Test func smallAndUnwritableSetsHaveNone() throws {
    try withTemporaryFolder { root in
      let small = try Place(root, rows: Self.smallest - 1)
      let set = try small.open()
      #expect(set.bytes == nil && small.indices.isEmpty)
      let large = try Place(root)
      let unwritable = try DatasetSpecifier.parse(large.table).open(
        for: .training, cache: "/dev/null/cache")
      #expect(unwritable.first?.samples.count == Self.count)
    }
  }

  @Test func shardsAreIndexedWithTheirSlices() throws {
    try withTemporaryFolder { root in
      var tar = TarBuilder()
      tar.add("a.png", [UInt8](try Fixtures.data("images/base.png")))
      tar.add("a.cls", text: "0")
      try AtomicFile.write(tar.data, to: root + "/data/1.tar")
      var many = TarBuilder()
      for number in 0..<Self.smallest {
        many.add("\(number).jpg")
        many.add("\(number).cls", text: "\(number % 3)")
      }
      try AtomicFile.write(many.data, to: root + "/data/0.tar")
      let specifier = DatasetSpecifier(path: root + "/data")
      for name in ["", "/0.tar", "/1.tar"] {
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSinceNow: -60)], ofItemAtPath: root + "/data" + name)
      }
      let first = try specifier.open(for: .training, cache: root + "/cache")
      #expect(first.first?.bytes != nil)
      #expect(try specifier.open(for: .training, cache: root + "/cache") == first)
      let set = try #require(first.first)
      let sample = try #require(set.samples.last)
      #expect(sample.path == "1.tar/a.png")
      #expect(try ImageFile.read(set.item(of: sample)).width > 0)
      // Another archive in place of the first is noticed.
      try AtomicFile.write(tar.data, to: root + "/data/0.tar")
      #expect(try specifier.open(for: .training, cache: root + "/cache").first?.samples.count == 2)
    }
  }

  /// What the index writes and reads, by name: a property that is new has to be written there too.
  @Test func nothingIsForgotten() {
    let set = Dataset(
      name: "s", kind: "k", rule: "r", split: "all", root: "/", classes: [], samples: [])
    #expect(
      Set(Mirror(reflecting: set).children.compactMap(\.label)) == [
        "name", "kind", "rule", "split", "root", "classes", "samples", "expectedImages",
        "expectedPerClass", "classMap", "metrics", "conditions", "border", "ignoredFiles",
        "missingFiles", "bytes",
      ])
    let sample = Dataset.Sample(path: "p", label: 0)
    #expect(
      Set(Mirror(reflecting: sample).children.compactMap(\.label)) == [
        "path", "label", "domain", "group", "slice",
      ])
    let map = ClassMap(list: "l", names: [], columns: [])
    #expect(Mirror(reflecting: map).children.count == 3)
  }
}
