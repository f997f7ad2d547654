/// The printable characters that stand for the 256 bytes in a byte-level vocabulary.
///
/// Printable Latin-1 characters stand for themselves, the other 68 bytes for U+0100 onwards
/// (`bytes_to_unicode` of GPT-2's release, which CLIP's uses unchanged).
enum ByteAlphabet {
  /// What closes the last symbol of a word.
  static let wordEnd = "</w>"

  /// The bytes in the order of a CLIP vocabulary: first those that stand for themselves.
  static let order: [UInt8] = printable + (0...255).filter { !printable.contains($0) }

  /// The symbol of each byte, indexed by the byte.
  static let symbols: [String] = {
    var symbols = [String](repeating: "", count: 256)
    for (position, byte) in order.enumerated() {
      let code =
        position < printable.count ? UInt32(byte) : UInt32(256 + position - printable.count)
      if let scalar = Unicode.Scalar(code) { symbols[Int(byte)] = String(Character(scalar)) }
    }
    return symbols
  }()

  private static let printable: [UInt8] =
    Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
}
