import Basics
import Foundation
import TestSupport
import Testing

/// Decompression of what Python's `zlib` and `gzip` (compressors of level 9, `mtime` 0) gave.
@Suite struct CompressionTests {
  private static let text = Data(
    String(
      repeating: "the quick brown fox jumps over the lazy dog, the quick brown fox\n", count: 3
    ).utf8)
  private static let deflated =
    "2bc94855282ccd4cce56482aca2fcf5348cbaf50c82acd2d2856c82f4b2d5228014ae72456552aa4e4a7eb80"
    + "79688ab94a06dc0000"
  private static let first = "1f8b08000000000002ff4bcb2c2a2ed151000004cfcef107000000"
  private static let second = "1f8b08000000000002ff2b4e4dcecf4b010069111fb606000000"
  private static let nothing = "1f8b08000000000002ff03000000000000000000"

  private func inflated(
    _ hexadecimal: String, _ wrapping: Compression.Wrapping, limit: Int = 1 << 20
  ) throws -> Data {
    try Compression.inflated(
      bytes(hexadecimal), wrapping, limit: limit, name: "some/file")
  }

  private func bytes(_ hexadecimal: String) -> Data {
    let digits = Array(hexadecimal)
    return Data(
      stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(digits[$0..<$0 + 2]), radix: 16)
      })
  }

  @Test func whatPythonPackedComesBack() throws {
    #expect(try inflated(Self.deflated, .none) == Self.text)
    #expect(try inflated("0300", .none) == Data())
    #expect(try inflated("010600f9ff73746f726564", .none) == Data("stored".utf8))
    #expect(try inflated(Self.first, .gzip) == Data("first, ".utf8))
    #expect(try inflated(Self.nothing, .gzip) == Data())
  }

  @Test func membersOfAGzipFileFollowOneAnother() throws {
    #expect(
      try inflated(Self.first + Self.nothing + Self.second + Self.first, .gzip)
        == Data("first, secondfirst, ".utf8))
  }

  @Test(arguments: [
    (deflated, Compression.Wrapping.none), (first, .gzip), (first + second, .gzip),
  ])
  func everyTruncationIsFound(_ hexadecimal: String, _ wrapping: Compression.Wrapping) throws {
    for count in 0..<hexadecimal.count / 2 where count != Self.first.count / 2 {
      let part = String(hexadecimal.prefix(2 * count))
      expectProblem(.badData, containing: "some/file", "damaged or cut off") {
        try inflated(part, wrapping)
      }
    }
  }

  @Test(arguments: [
    (deflated + "00", Compression.Wrapping.none), (deflated + deflated, .none),
    (first + "00", .gzip), (first + "1f8b", .gzip), (first + deflated, .gzip),
  ])
  func bytesPastTheEndAreFound(_ hexadecimal: String, _ wrapping: Compression.Wrapping) {
    expectProblem(.badData, containing: "some/file", "damaged or cut off") {
      try inflated(hexadecimal, wrapping)
    }
  }

  @Test func damageIsFound() throws {
    // Any bit of the checksum or the length behind gzip's data, and the kind of the first block.
    for position in 19..<27 {
      var damaged = bytes(Self.first)
      damaged[position] ^= 0x10
      expectProblem(.badData, containing: "damaged") {
        try Compression.inflated(damaged, .gzip, limit: 100, name: "f")
      }
    }
    expectProblem(.badData, containing: "damaged") { try inflated("07" + Self.deflated, .none) }
    expectProblem(.badData, containing: "damaged") { try inflated(Self.deflated, .gzip) }
    expectProblem(.badData, containing: "damaged") { try inflated(Self.first, .none) }
  }

  @Test func whatUnpacksToMoreThanTheLimitIsRefused() throws {
    #expect(try inflated(Self.deflated, .none, limit: Self.text.count) == Self.text)
    for limit in [0, 1, Self.text.count - 1] {
      expectProblem(.badData, containing: "some/file", "more than \(limit) bytes") {
        try inflated(Self.deflated, .none, limit: limit)
      }
    }
    // Members count together.
    expectProblem(.badData, containing: "more than 10 bytes") {
      try inflated(Self.first + Self.second, .gzip, limit: 10)
    }
  }

  @Test func piecesOfOtherDataAreReadAtTheirOwnIndices() throws {
    let whole = bytes("ffff" + Self.deflated)
    let part = whole[2...]
    #expect(try Compression.inflated(part, .none, limit: 1000, name: "f") == Self.text)
    #expect(Compression.crc32(part) == Compression.crc32(Data(part)))
  }

  @Test func checksumsAreThoseOfZlib() {
    #expect(Compression.crc32(Data()) == 0)
    #expect(Compression.crc32(Data("123456789".utf8)) == 0xCBF4_3926)
    #expect(Compression.crc32(Self.text) == 0x2C9_9CFB)
  }
}
