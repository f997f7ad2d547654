import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct TableLayoutTests {
  private func open(
    _ text: String, as name: String = "list.csv", suffix: String = "",
    for purpose: DatasetPurpose = .evaluation, images: [String] = ["a.jpg", "b.jpg", "c/d.jpg"]
  ) throws -> [Dataset] {
    try withTemporaryFolder { root in
      for image in images { try plant(root, image) }
      try plant(root, name, text: text)
      return try DatasetSpecifier.parse(root + "/" + name + suffix).open(for: purpose)
    }
  }

  @Test func namesBecomeIndicesInByteOrder() throws {
    let set = try #require(
      try open("filepath,label,domain\nc/d.jpg,zebra,real\na.jpg,big_ant,sketch\n").first)
    #expect(set.name == "list")
    #expect(set.kind == "csv")
    #expect(set.classes == ["big ant", "zebra"])
    #expect(
      set.samples == [
        .init(path: "a.jpg", label: 0, domain: "sketch"),
        .init(path: "c/d.jpg", label: 1, domain: "real"),
      ])
    #expect(set.domains == ["real", "sketch"])
  }

  @Test func indicesAreKeptAndMayHaveNames() throws {
    let plain = try #require(try open("path\tclass\na.jpg\t1\nb.jpg\t0\n", as: "l.tsv").first)
    #expect(plain.kind == "tsv")
    #expect(plain.samples.map(\.label) == [1, 0])
    #expect(plain.classes == ["0", "1"])
    let named = try #require(
      try open("image,label,name\na.jpg,1,red_fox\nb.jpg,0,cat\nc/d.jpg,1,red_fox\n").first)
    #expect(named.classes == ["cat", "red fox"])
    #expect(named.samples.map(\.label) == [1, 0, 1])
  }

  @Test func quotingFollowsTheStandard() throws {
    let text =
      "\u{FEFF}\"file\",\"title\"\r\n\"a.jpg\",\"say \"\"hi\"\", you\"\r\n\r\nb.jpg,\"two\nlines\""
    let set = try #require(try open(text).first)
    #expect(set.classes == ["say \"hi\", you", "two\nlines"])
    #expect(set.samples.map(\.path) == ["a.jpg", "b.jpg"])
  }

  @Test func theSplitColumnServesThePurpose() throws {
    let text = "path,label,split\na.jpg,x,train\nb.jpg,y,validation\nc/d.jpg,x,id_test\n"
    #expect(try open(text, for: .training).first?.samples.map(\.path) == ["a.jpg"])
    #expect(try open(text, for: .validation).first?.split == "val")
    #expect(try open(text, suffix: "#id_test").first?.samples.map(\.path) == ["c/d.jpg"])
    #expect(try open(text, suffix: "#all").first?.samples.count == 3)
    // Classes are those of the whole table, so that splits agree.
    #expect(try open(text, for: .training).first?.classes == ["x", "y"])
    #expect(try open("path,label\na.jpg,x\n", for: .validation).isEmpty)
  }

  @Test func absolutePathsAreTaken() throws {
    try withTemporaryFolder { other in
      try plant(other, "far.jpg")
      let set = try #require(try open("path,label\n\(other)/far.jpg,x\n./c/../a.jpg,x\n").first)
      #expect(set.samples.map { set.path(of: $0) }.first == other + "/far.jpg")
      #expect(set.samples.last?.path == "a.jpg")
    }
  }

  @Test(arguments: [
    ("", HoldfastError.Kind.badData, "empty"),
    ("path,label\n", .badData, "no rows"),
    ("path,kind\na.jpg,x\n", .badData, "list.csv:1: no column is named label"),
    ("path,label,label\na.jpg,x,y\n", .badData, "twice"),
    ("path,label\na.jpg,x,y\n", .badData, "list.csv:2: 3 fields"),
    ("path,label\na.jpg,\n", .badData, "list.csv:2: the label is empty"),
    ("path,label\n,x\n", .badData, "list.csv:2: the path is empty"),
    ("path,label\n../a.jpg,x\n", .badData, "list.csv:2: the path '../a.jpg' leaves"),
    ("path,label\nc/../../a.jpg,x\n", .badData, "leaves"),
    ("path,label\na.jpg,0\nb.jpg,-1\n", .badData, "list.csv:3: the label -1"),
    ("path,label\na.jpg,0\nb.jpg,4000000\n", .badData, "list.csv:3: the label 4000000"),
    ("path,label\na.jpg,1\nb.jpg,2\n", .badData, "no row has the label 0"),
    ("path,label,name\na.jpg,0,x\nb.jpg,0,y\n", .badData, "list.csv:3: the label 0 is 'y' here"),
    ("path,label\na.jpg,x\na.jpg,y\n", .badData, "list.csv:3: a.jpg has another label"),
    ("path,label\n\"a.jpg,x\n", .badData, "list.csv:2: a quote is not closed"),
    ("path,label\n\"a\"b.jpg,x\n", .badData, "list.csv:2: text follows"),
    ("path,label\na.jpg,x\nno.jpg,x\nc/no.jpg,x\n", .missingInput, "list.csv:3: no.jpg is not"),
    ("path,label\nno.jpg,x\nc/no.jpg,x\n", .missingInput, "2 of 2 listed images are missing"),
    ("path,label\na.jpg\u{0},x\n", .badData, "leaves"),
  ])
  func problemsNameTheLine(text: String, kind: HoldfastError.Kind, words: String) {
    expectProblem(kind, containing: words) { try open(text) }
  }

  @Test func noBytesCrashTheReader() throws {
    try withTemporaryFolder { root in
      let alphabet = Array("path,label\n\r\"\"a.jpg01-/.\t".utf8) + [0, 0xC3, 0xFF]
      var random = CounterRandom(23)
      try plant(root, "a.jpg")
      for _ in 0..<150 {
        let tail = (0..<random.below(40)).map { _ in alphabet[random.below(alphabet.count)] }
        try AtomicFile.write(Data("path,label\n".utf8) + Data(tail), to: root + "/x.csv")
        do {
          _ = try DatasetSpecifier.parse(root + "/x.csv").open(for: .training)
        } catch let error as HoldfastError {
          #expect(!error.problem.contains("\n") && error.kind != .internalError, "\(error)")
        }
      }
    }
  }

  @Test func aTableThatIsNotTextIsRefused() throws {
    try withTemporaryFolder { root in
      let path = root + "/x.csv"
      try AtomicFile.write(Data([0x61, 0x2C, 0xFF, 0x0A]), to: path)
      expectProblem(.badData, containing: "x.csv:1: not UTF-8") {
        try DatasetSpecifier.parse(path).open(for: .training)
      }
      expectProblem(.badData, containing: "not a file") {
        try DatasetSpecifier(kind: "csv", path: root).open(for: .training)
      }
      expectProblem(.missingInput, containing: "no such file") {
        try DatasetSpecifier(kind: "tsv", path: root + "/no").open(for: .training)
      }
    }
  }
}
