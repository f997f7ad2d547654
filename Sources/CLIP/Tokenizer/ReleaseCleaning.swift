import Foundation

/// Cleans text as the code of the CLIP release and `open_clip` do: `ftfy.fix_text`, `html.unescape`
/// twice, lower case. (White space only separates; collapsing it needs no step of its own.)
///
/// All of ftfy 6.3.1's steps are here; one of them, the repair of text in a wrong encoding, only as
/// far as `Mojibake` goes. Case follows Python's `str.lower`, final sigma included.
enum ReleaseCleaning {
  /// The cleaned characters of a text.
  static func cleaned(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    if text.allSatisfy(isPlain) { return lowerCased(text) }
    let fixed = fixedText(text)
    return lowerCased(HTMLReferences.unescaped(HTMLReferences.unescaped(fixed)))
  }

  /// ASCII that no step but the last can change.
  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    (0x20..<0x7F).contains(scalar.value) && scalar != "&"
  }

  // MARK: - ftfy.fix_text

  private static func fixedText(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var begin = 0
    // One "<" says that this is HTML, whose references belong there, from that line on.
    var isHTML = false
    while begin < text.count {
      let newline = text[begin...].firstIndex(of: "\n").map { $0 + 1 } ?? text.count
      let end = min(newline, begin + 1_000_000)
      isHTML = isHTML || text[begin..<end].contains("<")
      result += fixedLine(Array(text[begin..<end]), isHTML: isHTML)
      begin = end
    }
    return result
  }

  private static func fixedLine(_ line: [Unicode.Scalar], isHTML: Bool) -> [Unicode.Scalar] {
    var line = line
    // ftfy repeats until nothing changes; the limit is for references nested without end.
    for _ in 0..<64 {
      let before = line
      if !isHTML { line = HTMLReferences.unescapedWithCare(line) }
      line = Mojibake.repaired(line)
      line = withoutTerminalEscapes(line.flatMap(fixed)).filter { !isControl($0) }
      line = WordSplitter.composed(line[...])
      if line == before { break }
    }
    return line
  }

  /// A character without its ligature, odd width, curl, or place among the C1 controls.
  private static func fixed(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    switch scalar.value {
    case ..<0x80: return scalar == "\r" ? ["\n"] : [scalar]
    case 0x80...0x9F: return fixed(Windows1252.character(UInt8(scalar.value)), from: scalar)
    case 0x2BC, 0x2018...0x201B: return ["'"]
    case 0x201C...0x201F: return ["\""]
    case 0x2028, 0x2029: return ["\n"]
    case 0x3000: return [" "]
    case 0x149: return ["'", "n"]
    case 0x132, 0x133, 0x1C4...0x1CC, 0x1F1...0x1F3, 0xFB00...0xFB06, 0xFF01...0xFFEF:
      // What NFKC makes of them; of one ligature it also takes the long s apart.
      if scalar.value == 0xFB05 { return ["\u{17F}", "t"] }
      return Array(String(scalar).precomposedStringWithCompatibilityMapping.unicodeScalars)
    default: return [scalar]
    }
  }

  private static func fixed(
    _ meant: Unicode.Scalar, from scalar: Unicode.Scalar
  ) -> [Unicode.Scalar] {
    meant == scalar ? [scalar] : fixed(meant)
  }

  /// Text without ESC, `[`, numbers, a letter: colours of a terminal.
  private static func withoutTerminalEscapes(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    guard text.contains("\u{1B}") else { return text }
    var result: [Unicode.Scalar] = []
    var rest = text[...]
    while let first = rest.popFirst() {
      if first == "\u{1B}", rest.first == "[" {
        let tail = rest.dropFirst().drop {
          $0.properties.generalCategory == .decimalNumber || $0 == ";"
        }
        if let letter = tail.first, letter.isASCII, letter.properties.isAlphabetic {
          rest = tail.dropFirst()
          continue
        }
      }
      result.append(first)
    }
    return result
  }

  /// Characters without a visible effect, which are left out.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0...8, 0xB, 0xE...0x1F, 0x7F, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFC: true
    default: false
    }
  }

  // MARK: - str.lower

  private static func lowerCased(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    text.indices.flatMap { index -> [Unicode.Scalar] in
      let scalar = text[index]
      if scalar.isASCII { return [WordSplitter.lowerCasedASCII(scalar)] }
      if scalar == "Σ" { return [isFinal(index, in: text) ? "ς" : "σ"] }
      return Array(scalar.properties.lowercaseMapping.unicodeScalars)
    }
  }

  /// Whether a sigma ends a word: a cased letter before it and none after, marks aside (Unicode's
  /// condition Final_Sigma).
  private static func isFinal(_ index: Int, in text: [Unicode.Scalar]) -> Bool {
    let before = text[..<index].last { !$0.properties.isCaseIgnorable }
    let after = text[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    return (before?.properties.isCased ?? false) && !(after?.properties.isCased ?? false)
  }
}
