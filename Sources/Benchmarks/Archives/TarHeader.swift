import Basics

/// The 512 bytes before a member of a tar archive (POSIX.1-2017 pax, and GNU's dialect).
struct TarHeader {
  static let size = 512

  /// The name in the header itself; pax and GNU records may bring a longer one.
  let name: [UInt8]
  /// How many bytes of content follow, rounded up to whole blocks.
  let count: Int
  /// What the member is, for example `0` a file, `5` a folder, `L` the next member's long name.
  let type: UInt8

  /// Why a block is no header.
  enum Damage: String, Error {
    case checksum = "the checksum of the header is wrong"
    case size = "the size in the header is no number"
    case negative = "the size in the header is negative"
    case huge = "the size in the header is too large"
  }

  /// Reads a block of 512 bytes.
  init(_ block: [UInt8]) throws(Damage) {
    guard block.count == Self.size, Self.checksumHolds(block) else { throw .checksum }
    type = block[156]
    count = try Self.number(block[124..<136])
    var name = Self.text(block[0..<100])
    // GNU's dialect ends its mark with blanks and keeps times where POSIX has a prefix.
    if block[257..<263].elementsEqual(Array("ustar\0".utf8)) {
      let prefix = Self.text(block[345..<500])
      if !prefix.isEmpty { name = prefix + [UInt8(ascii: "/")] + name }
    }
    self.name = name
  }

  /// The sum of all bytes, with blanks in the place of the sum; some programs sum signed bytes.
  private static func checksumHolds(_ block: [UInt8]) -> Bool {
    guard let stored = try? number(block[148..<156]) else { return false }
    var unsigned = 0
    var signed = 0
    for (index, byte) in block.enumerated() {
      let byte = (148..<156).contains(index) ? UInt8(ascii: " ") : byte
      unsigned += Int(byte)
      signed += Int(Int8(bitPattern: byte))
    }
    return stored == unsigned || stored == signed
  }

  /// A number in octal digits between blanks and zeros, or big-endian where the first bit is set.
  private static func number(_ field: ArraySlice<UInt8>) throws(Damage) -> Int {
    if let first = field.first, first & 0x80 != 0 {
      guard first & 0x40 == 0 else { throw .negative }
      var value = Int(first & 0x3F)
      for byte in field.dropFirst() {
        guard value < 1 << 52 else { throw .huge }
        value = value << 8 | Int(byte)
      }
      return value
    }
    let blank = UInt8(ascii: " ")
    let digits = field.drop { $0 == blank }.prefix { $0 != blank && $0 != 0 }
    if digits.first == UInt8(ascii: "-") { throw .negative }
    var value = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else { throw .size }
      value = value << 3 | Int(digit - UInt8(ascii: "0"))
    }
    return value
  }

  private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] {
    Array(field.prefix { $0 != 0 })
  }
}
