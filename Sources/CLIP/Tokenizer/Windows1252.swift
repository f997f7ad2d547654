/// Windows' western code page, which text is most often taken for by mistake.
enum Windows1252 {
  /// The characters of 0x80 to 0x9F; the five that the code page leaves free stay themselves.
  private static let upper: [Unicode.Scalar] = Array(
    "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ".unicodeScalars)

  private static let bytes: [Unicode.Scalar: UInt8] = Dictionary(
    uniqueKeysWithValues: upper.enumerated().map { ($0.element, UInt8(0x80 + $0.offset)) })

  /// The character of a byte.
  static func character(_ byte: UInt8) -> Unicode.Scalar {
    (0x80...0x9F).contains(byte) ? upper[Int(byte) - 0x80] : Unicode.Scalar(byte)
  }

  /// The byte of a character, or nil.
  static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
    (0x80...0x9F).contains(scalar.value) || scalar.value > 0xFF
      ? bytes[scalar] : UInt8(scalar.value)
  }
}
