/// Character references of HTML, `&amp;` or `&#38;`, as Python reads them.
enum HTMLReferences {
  /// Replaces references as Python's `html.unescape` does: the longest name that is one, where the
  /// old names need no semicolon, and any number.
  static func unescaped(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    replacing(in: text) { position in
      let rest = text[(position + 1)...]
      if rest.first == "#" { return number(rest.dropFirst()).map { ($0.value, $0.length + 2) } }
      let name = rest.prefix { !endsOfNames.contains($0) }.prefix(32)
      let isClosed = name.endIndex < text.count && text[name.endIndex] == ";"
      if isClosed, let entity = table[string(name)] { return (entity.value, name.count + 2) }
      for length in stride(from: name.count, to: 1, by: -1) {
        if let entity = table[string(name.prefix(length))], entity.needsNoSemicolon {
          return (entity.value, length + 1)
        }
      }
      return nil
    }
  }

  /// Replaces references that are certainly meant, as ftfy's `unescape_html` does: closed by a
  /// semicolon, and names in capitals too where HTML has no such name (`&EACUTE;`).
  static func unescapedWithCare(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    replacing(in: text) { position in
      let rest = text[(position + 1)...]
      let isNumber = rest.first == "#"
      let name = rest.dropFirst(isNumber ? 1 : 0)
        .prefix { $0.isASCII && ($0.properties.isAlphabetic || digit($0, 10) != nil) }
      guard (1...24).contains(name.count), name.endIndex < text.count, text[name.endIndex] == ";"
      else { return nil }
      let length = name.endIndex + 1 - position
      if isNumber {
        guard let number = number(rest.dropFirst()), number.length + 2 == length,
          number.value != [";"]
        else { return nil }
        return (number.value, length)
      }
      if let entity = table[string(name)] { return (entity.value, length) }
      guard name.allSatisfy({ !("a"..."z").contains($0) }),
        let entity = table[string(name).lowercased()],
        !(2...24).contains(where: { table[string(name.prefix($0))]?.needsNoSemicolon ?? false })
      else { return nil }
      return (entity.value.flatMap { $0.properties.uppercaseMapping.unicodeScalars }, length)
    }
  }

  /// Replaces what `find` gives for the position of an ampersand: characters, and how many they
  /// stand for.
  private static func replacing(
    in text: [Unicode.Scalar], _ find: (Int) -> (value: [Unicode.Scalar], length: Int)?
  ) -> [Unicode.Scalar] {
    guard text.contains("&") else { return text }
    var result: [Unicode.Scalar] = []
    var position = 0
    while position < text.count {
      if text[position] == "&", let found = find(position) {
        result += found.value
        position += found.length
      } else {
        result.append(text[position])
        position += 1
      }
    }
    return result
  }

  /// The character of a numeric reference after its `#`, and the length with the semicolon.
  ///
  /// Numbers of Windows-1252's place mean its characters; what HTML does not allow is dropped, and
  /// what is no character becomes U+FFFD.
  private static func number(
    _ text: ArraySlice<Unicode.Scalar>
  ) -> (value: [Unicode.Scalar], length: Int)? {
    let isHexadecimal = text.first == "x" || text.first == "X"
    let radix: UInt32 = isHexadecimal ? 16 : 10
    let digits = text.dropFirst(isHexadecimal ? 1 : 0).prefix { digit($0, radix) != nil }
    guard !digits.isEmpty else { return nil }
    let isClosed = text[digits.endIndex...].first == ";"
    let length = digits.endIndex - text.startIndex + (isClosed ? 1 : 0)
    // Beyond Unicode it does not matter which number it is.
    let code = digits.reduce(UInt32(0)) { min($0 * radix + (digit($1, radix) ?? 0), 0x11_0000) }
    switch code {
    case 0: return (["\u{FFFD}"], length)
    case 0x80...0x9F: return ([Windows1252.character(UInt8(code))], length)
    case 1...8, 0xB, 0xE...0x1F, 0x7F, 0xFDD0...0xFDEF: return ([], length)
    case _ where code <= 0x10FFFF && code & 0xFFFE == 0xFFFE: return ([], length)
    default: return ([Unicode.Scalar(code) ?? "\u{FFFD}"], length)
    }
  }

  private static func digit(_ scalar: Unicode.Scalar, _ radix: UInt32) -> UInt32? {
    guard scalar.isASCII, let value = Character(scalar).hexDigitValue else { return nil }
    return value < Int(radix) ? UInt32(value) : nil
  }

  private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }

  private struct Entity {
    var value: [Unicode.Scalar]
    var needsNoSemicolon: Bool
  }

  private static let endsOfNames: Set<Unicode.Scalar> = [
    "\t", "\n", "\u{C}", " ", "<", "&", "#", ";",
  ]

  private static let table: [String: Entity] = {
    var table: [String: Entity] = [:]
    for word in names.split(whereSeparator: \.isWhitespace) {
      let parts = word.split(separator: "=")
      guard parts.count == 2 else { continue }
      let isOld = parts[0].hasSuffix("*")
      table[String(parts[0].dropLast(isOld ? 1 : 0))] = Entity(
        value: parts[1].split(separator: "+").compactMap {
          UInt32($0, radix: 16).flatMap(Unicode.Scalar.init)
        }, needsNoSemicolon: isOld)
    }
    return table
  }()
}
