import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

/// The dialects of tar, and archives that are damaged or mean harm.
@Suite struct TarArchiveTests {
  /// The paths of the images in an archive, each labelled by a `.cls`.
  private func images(_ data: Data) throws -> [Dataset.Sample] {
    try withTemporaryFolder { root in
      try AtomicFile.write(data, to: root + "/t.tar")
      return try WebDatasetTests.open(root + "/t.tar").samples
    }
  }

  private static let long = String(repeating: "folder/", count: 30) + "image"

  @Test func longNamesOfAllDialects() throws {
    let content: [UInt8] = [7, 8, 9]
    var tar = TarBuilder()
    tar.add("g", [1, 2], type: "g")
    tar.addLong(Self.long + ".jpg", content)
    tar.addLong(Self.long + ".cls", Array("0".utf8))
    tar.addPax([("mtime", "1.5"), ("path", "pax/ü.jpg"), ("size", "3")], "short.jpg", content)
    tar.addPax([("path", "pax/ü.cls")], "short.cls", Array("0".utf8))
    tar.add("image.jpg", content, prefix: "a/prefix")
    tar.add("image.cls", Array("0".utf8), prefix: "a/prefix")
    tar.add("old.jpg", content, type: "\0") {
      TarBuilder.put(Array(repeating: 0, count: 8), in: &$0, at: 257)
    }
    tar.add("old.cls", text: "0")
    let samples = try images(tar.data)
    #expect(
      samples.map(\.path) == [
        "t.tar/a/prefix/image.jpg", "t.tar/\(Self.long).jpg", "t.tar/old.jpg", "t.tar/pax/ü.jpg",
      ])
    for sample in samples {
      let slice = try #require(sample.slice)
      #expect(Array(tar.bytes[slice.offset..<slice.offset + slice.count]) == content)
    }
  }

  @Test func aSizeInBase256IsRead() throws {
    var tar = TarBuilder()
    tar.add("a.cls", text: "0")
    tar.add("a.jpg", [1, 2, 3]) {
      TarBuilder.put([0x80] + [UInt8](repeating: 0, count: 10) + [3], in: &$0, at: 124)
    }
    #expect(try images(tar.data).map { $0.slice?.count } == [3])
  }

  @Test func archivesOfPythonAreRead() throws {
    // What `tarfile` writes in its three formats, with a name of 120 letters.
    for format in ["USTAR", "GNU", "PAX"] {
      let samples = try images(Fixtures.data("archives/\(format.lowercased()).tar"))
      #expect(samples.count == 2)
      #expect(samples.map(\.label) == [1, 0])
      #expect(
        samples[0].path.hasPrefix("t.tar/aaaa") && samples[0].path.utf8.count == 6 + 90 + 1 + 30)
      #expect(samples.map { $0.slice?.count } == [5, 700])
    }
  }

  private static func plain(_ change: @escaping TarBuilder.Change) -> Data {
    var tar = TarBuilder()
    tar.add("a.cls", text: "0")
    tar.add("a.jpg", [1, 2, 3], change: change)
    return tar.data
  }

  private static func size(_ bytes: [UInt8]) -> Data {
    plain { TarBuilder.put(bytes, in: &$0, at: 124) }
  }

  @Test(arguments: [
    (plain { $0[156] = UInt8(ascii: "S") }, "byte 1024: a sparse file"),
    (size(Array("-0000000003\0".utf8)), "byte 1024: the size in the header is negative"),
    (size([UInt8](repeating: 0xFF, count: 12)), "negative"),
    (size([0x80] + [UInt8](repeating: 0xFF, count: 11)), "too large"),
    (size([0x80, 0, 0, 0, 0, 0x0F] + [UInt8](repeating: 0xFF, count: 6)), "cut off"),
    (size(Array("77777777777\0".utf8)), "a member of 8589934591 bytes ends beyond"),
    (size(Array("0000000009\0".utf8)), "no number"),
    (plain { $0[0] = 0xFF }, "not UTF-8"),
    (Data([0x1F, 0x8B, 8, 0]) + Data(count: 600), "compressed"),
    (Data(repeating: 65, count: 2048), "byte 0: the checksum"),
    (Data(), "byte 0: the archive is cut off"),
    (Data(count: 100), "cut off"),
    (size(Array("\0".utf8)).prefix(1024 + 512), "byte 1536: the archive is cut off"),
  ])
  func damageIsNamedWithItsPlace(data: Data, words: String) {
    expectProblem(.badData, containing: "t.tar", words) { try images(data) }
  }

  @Test func aFlippedBitInAHeaderIsNoticed() throws {
    for place in [0, 130, 300, 511] {
      var bytes = [UInt8](Self.plain { _ in })
      bytes[1024 + place] ^= 4
      expectProblem(.badData, containing: "byte 1024: the checksum") { try images(Data(bytes)) }
    }
  }

  @Test func everyBeginningIsRefused() throws {
    let whole = Self.plain { _ in }
    // One block of zeros ends an archive.
    for count in stride(from: 0, to: whole.count - 512, by: 64) {
      expectProblem(.badData, containing: "cut off") { try images(whole.prefix(count)) }
    }
    #expect(try images(whole.dropLast(512)).count == 1)
  }

  @Test(arguments: [
    "9999 path=a\n", "x path=a\n", "5 =\n", "11 path=a.jp", "3 a\n", "-5 path=a\n",
    "99999999999999999999 path=a\n", "12 size=9x3\n",
  ])
  func damagedPaxRecordsAreRefused(_ records: String) {
    var tar = TarBuilder()
    tar.add("x", Array(records.utf8), type: "x")
    tar.add("a.jpg", [1])
    expectProblem(.badData, containing: "pax records are damaged") { try images(tar.data) }
  }

  @Test func recordsAreLimited() throws {
    var tar = TarBuilder()
    tar.add("x", [UInt8](repeating: 65, count: 1 << 20 + 1), type: "L")
    expectProblem(.badData, containing: "longer than 1048576") { try images(tar.data) }
    tar = TarBuilder()
    tar.addPax([("size", "99999999999999")], "a.jpg", [1])
    expectProblem(.badData, containing: "cut off") { try images(tar.data) }
    tar = TarBuilder()
    tar.addPax([("GNU.sparse.major", "1")], "a.jpg", [1])
    expectProblem(.badData, containing: "sparse") { try images(tar.data) }
  }

  @Test func noBytesCrashTheReader() throws {
    var tar = TarBuilder()
    tar.addLong(Self.long, [1])
    tar.addPax([("path", "p.jpg")], "q.jpg", [1])
    tar.add("p.cls", text: "0")
    let whole = [UInt8](tar.data)
    var random = CounterRandom(41)
    for _ in 0..<200 {
      var bytes = whole
      for _ in 0...random.below(4) {
        bytes[random.below(bytes.count)] = UInt8(random.below(256))
      }
      do {
        _ = try images(Data(bytes))
      } catch let error as HoldfastError {
        #expect(error.kind == .badData && !error.problem.contains("\n"), "\(error)")
      }
    }
  }
}
