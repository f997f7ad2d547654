import Foundation

/// Cleans text and cuts it into the words that byte pairs are merged within.
///
/// The reference is `transformers`' CLIP tokenizer: NFC, lower case character by character, then
/// the matches of `<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|
/// [^\s\p{L}\p{N}]+`. White space only separates, so that collapsing it needs no step of its own.
/// `ReleaseCleaning` is what `open_clip` does instead; on plain text such as class names the two
/// agree.
/// Characters go by the Unicode tables of this platform: those that the reference's tables do not
/// have yet (in 2026, assigned after Unicode 16, or combining marks after 9) may be cut otherwise.
enum WordSplitter {
  /// The cleaned characters of a text.
  static func cleaned(_ scalars: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
    if scalars.allSatisfy(\.isASCII) { return scalars.map(lowerCasedASCII) }
    return composed(scalars).flatMap { scalar in
      scalar.isASCII
        ? [lowerCasedASCII(scalar)] : Array(scalar.properties.lowercaseMapping.unicodeScalars)
    }
  }

  /// Text in NFC.
  static func composed(_ scalars: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    var composed: [Unicode.Scalar] = []
    for scalar in String(text).precomposedStringWithCanonicalMapping.unicodeScalars {
      // Foundation leaves a Hangul syllable and the final consonant after it apart.
      if (0x11A8...0x11C2).contains(scalar.value), let last = composed.last,
        (0xAC00...0xD7A3).contains(last.value), (last.value - 0xAC00) % 28 == 0,
        let syllable = Unicode.Scalar(last.value + scalar.value - 0x11A7)
      {
        composed[composed.count - 1] = syllable
      } else {
        composed.append(scalar)
      }
    }
    return composed
  }

  /// The words of cleaned text, in order.
  ///
  /// - Parameter cleaning: Whose pattern it is. That of the release takes `<|startoftext|>` for one
  ///   word, and, as it ignores case, a long s after an apostrophe for an s.
  static func words(
    of text: [Unicode.Scalar], as cleaning: TextCleaning = .transformers
  ) -> [ArraySlice<Unicode.Scalar>] {
    let isRelease = cleaning == .release
    var words: [ArraySlice<Unicode.Scalar>] = []
    var position = 0
    while position < text.count {
      let rest = text[position...]
      if text[position] == "<", let marker = markers.first(where: { rest.starts(with: $0) }) {
        let whole = rest.prefix(marker.count)
        // The byte-level step of `transformers` cuts `<|startoftext|>` again, like other text.
        words +=
          isRelease ? [whole] : [whole.prefix(2), whole.dropFirst(2).dropLast(2), whole.suffix(2)]
        position += marker.count
        continue
      }
      let kind = Kind(text[position])
      var end = position + 1
      if text[position] == "'", let ending = contractions.first(where: { rest.starts(with: $0) }) {
        end = position + ending.count
      } else if isRelease, rest.starts(with: ["'", "\u{17F}"]) {
        end = position + 2
      } else if kind == .letter || kind == .other {
        while end < text.count, Kind(text[end]) == kind { end += 1 }
      }
      if kind != .space { words.append(text[position..<end]) }
      position = end
    }
    return words
  }

  /// What the pattern tells characters apart by.
  private enum Kind {
    case letter, number, space, other

    init(_ scalar: Unicode.Scalar) {
      if scalar.isASCII {
        switch scalar.value {
        case 0x61...0x7A, 0x41...0x5A: self = .letter
        case 0x30...0x39: self = .number
        case 0x20, 0x09...0x0D: self = .space
        default: self = .other
        }
        return
      }
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
        self = .letter
      case .decimalNumber, .letterNumber, .otherNumber:
        self = .number
      default:
        self = scalar.properties.isWhitespace ? .space : .other
      }
    }
  }

  private static let markers = ["<|startoftext|>", "<|endoftext|>"].map { Array($0.unicodeScalars) }

  private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"]
    .map { Array($0.unicodeScalars) }

  static func lowerCasedASCII(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    (0x41...0x5A).contains(scalar.value) ? Unicode.Scalar(UInt8(scalar.value + 32)) : scalar
  }
}
