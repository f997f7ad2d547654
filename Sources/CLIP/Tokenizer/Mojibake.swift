/// Text that was UTF-8 and was read as Latin-1 or Windows-1252: "cafÃ©" for "café".
///
/// ftfy judges by a table of unlikely neighbours of some 400 characters, tries ten encodings, and
/// mends parts of a line and lost bytes too. This mends whole lines of two encodings, and needs a
/// sign that no real text has, in the spirit of ftfy's; "Spaß…" is UTF-8 by chance and stays.
enum Mojibake {
  /// A line as it was meant; where that is not certain, as it is.
  static func repaired(_ line: [Unicode.Scalar]) -> [Unicode.Scalar] {
    guard !line.allSatisfy(\.isASCII) else { return line }
    let encodings: [(Unicode.Scalar) -> UInt8?] = [
      { UInt8(exactly: $0.value) }, Windows1252.byte,
    ]
    for encoding in encodings {
      let bytes = line.compactMap(encoding)
      guard bytes.count == line.count, let text = String(validating: bytes, as: UTF8.self) else {
        continue
      }
      return isCertain(line, bytes) ? repaired(Array(text.unicodeScalars)) : line
    }
    return line
  }

  /// Whether some sequence of UTF-8 in a line would be unlikely as characters.
  private static func isCertain(_ line: [Unicode.Scalar], _ bytes: [UInt8]) -> Bool {
    var position = 0
    while position < bytes.count {
      let lead = bytes[position]
      let length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
      let end = min(position + length, bytes.count)
      let tail = line[min(position + 1, end)..<end]
      if length > 2 {
        if tail.contains(where: { !ordinary.contains($0) && !quotes.contains($0) }) { return true }
      } else if let sign = tail.first, isUnlikely(lead, sign, next: line[end...].first) {
        return true
      }
      position = end
    }
    return false
  }

  private static func isUnlikely(
    _ lead: UInt8, _ sign: Unicode.Scalar, next: Unicode.Scalar?
  ) -> Bool {
    if (0x80...0x9F).contains(sign.value) { return true }
    switch lead {
    case 0xC2, 0xC3, 0xCE, 0xD0:  // ÂÃÎÐ
      return !ordinaryAfterAny.contains(sign)
    case 0xC4...0xD1, 0xD8, 0xDC, 0xDD:  // Other capital letters.
      if rare.contains(sign) { return true }
      // A sign within a word.
      return !ordinary.contains(sign) && (next?.properties.isAlphabetic ?? false)
    default:
      return false
    }
  }

  /// What follows letters in real text, or is a letter.
  private static let ordinary = Set("…’–—\u{A0}\u{AD}·´ŠŒŽšœžŸ".unicodeScalars)
  private static let ordinaryAfterAny = Set("…’ŒŽ¥".unicodeScalars)
  private static let quotes = Set("‘“”›»".unicodeScalars)
  /// What hardly follows a letter.
  private static let rare = Set("ƒ†‡ˆ‰˜¤¦§¨ª¬¯°±²³µ¶¸¹º¼½¾".unicodeScalars)
}
