import Basics
import Foundation
import TestSupport
import Testing
import Torch

/// Zip archives: what Python and PyTorch wrote is read, everything else is a plain error.
@Suite struct ZipArchiveTests {
  private static let script = Fixtures.path("checkpoints/openai/ViT.pt")

  @discardableResult
  private func withArchive<R>(_ data: Data, _ body: (String) throws -> R) throws -> R {
    try withTemporaryFolder { folder in
      let path = "\(folder)/archive.zip"
      try data.write(to: URL(fileURLWithPath: path))
      return try body(path)
    }
  }

  private func expectDamage(
    _ data: Data, _ words: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try withArchive(data) { path in
      expectProblem(.badData, containing: path, words, sourceLocation: sourceLocation) {
        let archive = try ZipArchive(path: path)
        return try archive.entries.map { try archive.content(of: $0.name) }
      }
    }
  }

  private func entries() -> [ZipBuilder.Entry] {
    [.init("a/one", Data("the first".utf8)), .init("two", Data()), .init("naïve", Data([1, 2]))]
  }

  @Test func storedAndDeflatedEntriesAreRead() throws {
    // Python wrote the code of this archive deflated, the tensors stored.
    let archive = try ZipArchive(path: Self.script)
    let code = try archive.content(of: "ViT/code/__torch__/___torch_mangle_1.py")
    #expect(String(decoding: code, as: UTF8.self).hasPrefix("class Node(Module):\n"))
    #expect(try archive.content(of: "ViT/byteorder") == Data("little".utf8))
    #expect(archive["ViT/byteorder"]?.size == 6)
    #expect(archive["ViT/none"] == nil)
    expectProblem(.badData, containing: "no entry ViT/none") {
      try archive.content(of: "ViT/none")
    }
    expectProblem(.badData, containing: "ViT/byteorder has 6 bytes, more than 5") {
      try archive.content(of: "ViT/byteorder", limit: 5)
    }
  }

  @Test func zip64RecordsAreRead() throws {
    // PyTorch always writes them, and puts sizes and checksum behind the bytes.
    let archive = try ZipArchive(path: Fixtures.path("checkpoints/tensors-2.pt"))
    #expect(try archive.content(of: "tensors-2/version") == Data("3\n".utf8))
  }

  @Test func entriesComeInTheOrderOfTheirBytes() throws {
    var zip = ZipBuilder(entries())
    zip.comment = Data("PK\u{5}\u{6} a comment that looks like a record".utf8)
    try withArchive(zip.data) { path in
      let archive = try ZipArchive(path: path)
      #expect(archive.entries.map(\.name) == ["a/one", "two", "naïve"])
      #expect(try archive.content(of: "a/one") == Data("the first".utf8))
      #expect(try archive.content(of: "a/one") == Data("the first".utf8))
      #expect(try archive.content(of: "two").isEmpty)
    }
  }

  @Test func anEmptyArchiveHasNoEntries() throws {
    try withArchive(ZipBuilder([]).data) { path in
      let archive = try ZipArchive(path: path)
      #expect(archive.entries.isEmpty)
    }
  }

  @Test func whatIsNotThereIsMissing() {
    expectProblem(.missingInput, containing: "/no/such.zip") {
      try ZipArchive(path: "/no/such.zip")
    }
  }

  @Test func everyTruncationIsFound() throws {
    let whole = ZipBuilder(entries()).data
    for count in 0..<whole.count { try expectDamage(whole.prefix(count), "not a whole zip") }
  }

  @Test func bytesBeforeAndAfterAreFound() throws {
    let whole = ZipBuilder(entries()).data
    try expectDamage(whole + Data([0]), "its directory is missing")
    try expectDamage(Data([0]) + whole, "not where it is said to be")
  }

  /// What is done to the first entry, and words of the error.
  private static let changes:
    [(change: @Sendable (inout ZipBuilder.Entry) -> Void, words: String)] = [
      ({ $0.checksum ^= 1 }, "the checksum of the entry a/one is wrong"),
      ({ $0.size += 1 }, "sizes of the entry a/one cannot be true"),
      ({ $0.packedSize -= 1 }, "sizes of the entry a/one cannot be true"),
      ({ ($0.size, $0.packedSize) = (900, 900) }, "a/one reaches into the directory"),
      ({ ($0.size, $0.packedSize) = (12, 12) }, "overlaps another"),
      (
        { ($0.size, $0.packedSize) = (.max, .max) },
        "entry 1 of its directory is cut off or damaged"
      ),
      ({ $0.flags = 1 }, "is encrypted, or packed by method 0"),
      ({ $0.flags = 0x40 }, "is encrypted"),
      ({ $0.method = 12 }, "packed by method 12"),
      ({ $0.method = 8 }, "damaged or cut off"),
      ({ ($0.method, $0.size) = (8, 20_000) }, "cannot be true"),
      ({ $0.localName = "other" }, "the header of a/one and the directory disagree"),
      (
        {
          $0.name = "two"; $0.localName = "two"
        }, "two entries are named two"
      ),
      (
        {
          $0.name = ""; $0.localName = ""
        }, "cut off or damaged"
      ),
      ({ $0.name = String(repeating: "n", count: 5000) }, "cut off or damaged"),
      ({ $0.offset = 1 }, "the header of a/one is cut off or damaged"),
      ({ $0.offset = .max }, "entry 1 of its directory is cut off or damaged"),
      ({ $0.offset = 0x7FFF_FFFF }, "impossibly large"),
      (
        {
          $0.offset = .max
          $0.extra = ZipBuilder.bytes(UInt32(0x0008_0001)) + ZipBuilder.bytes(UInt64.max)
        }, "impossibly large"
      ),
      (
        {
          $0.size = .max
          $0.extra = ZipBuilder.bytes(UInt32(0x0004_0001)) + ZipBuilder.bytes(UInt32(9))
        }, "cut off or damaged"
      ),
    ]

  @Test(arguments: changes.indices) func aLieAboutAnEntryIsFound(_ index: Int) throws {
    var zip = ZipBuilder(entries())
    Self.changes[index].change(&zip.entries[0])
    try expectDamage(zip.data, Self.changes[index].words)
  }

  @Test func anEntryWithinAnotherIsFound() throws {
    // The content of the outer entry is a whole inner one, header and all.
    let content = Data("inner".utf8)
    let inner = ZipBuilder([.init("inner", content)]).data.prefix(30 + 5 + 5)
    var outer = ZipBuilder.Entry("inner", content)
    outer.offset = 30 + 5
    try expectDamage(
      ZipBuilder([.init("outer", Data(inner)), outer]).data, "overlaps another")
  }

  @Test(arguments: [UInt16(0), 2, 4, 0xFFFF]) func aWrongCountIsFound(_ count: UInt16) throws {
    var zip = ZipBuilder(entries())
    zip.count = count
    try expectDamage(zip.data, "not a whole zip archive")
  }

  @Test func aDeflatedBombIsRefused() throws {
    // 985 bytes of Python's zlib hold a million zeros; they claim to hold ten.
    var entry = ZipBuilder.Entry("bomb", Data([0xED, 0xC1, 1, 1, 0, 0, 0, 0x82, 0x20, 0xFF, 0xAF]))
    (entry.method, entry.size) = (8, 10)
    try expectDamage(ZipBuilder([entry]).data, "bomb")
    entry.size = .max - 1
    try expectDamage(ZipBuilder([entry]).data, "sizes of the entry bomb cannot be true")
  }

  @Test func severalDisksAreRefused() throws {
    var data = ZipBuilder(entries()).data
    data[data.count - 18] = 1
    try expectDamage(data, "several disks")
  }

  @Test func noFlippedByteEndsTheProcess() throws {
    let whole = ZipBuilder(entries()).data
    let contents = try withArchive(whole) { path in
      let archive = try ZipArchive(path: path)
      return try archive.entries.map { try archive.content(of: $0.name) }
    }
    try withTemporaryFolder { folder in
      let path = "\(folder)/archive.zip"
      for position in whole.indices {
        for flip in [UInt8(1), 0x80, 0xFF] {
          var damaged = whole
          damaged[position] ^= flip
          try damaged.write(to: URL(fileURLWithPath: path))
          do throws(HoldfastError) {
            let archive = try ZipArchive(path: path)
            for (entry, content) in zip(archive.entries, contents) {
              #expect(try archive.content(of: entry.name) == content)
            }
          } catch { #expect(error.kind == .badData) }
        }
      }
    }
  }
}
