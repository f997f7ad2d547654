/// Finds special tokens that are written out in a text, before the text is cleaned.
struct SpecialTokenFinder: Sendable {
  /// A stretch of a text.
  enum Part {
    case text(ArraySlice<Unicode.Scalar>)
    case special(Int)
  }

  private let spellings: [(scalars: [Unicode.Scalar], token: Int)]
  private let firstScalars: Set<Unicode.Scalar>

  init(_ tokens: [(spelling: String, token: Int)]) {
    // The longest is tried first, so that it wins where several begin at one place.
    spellings = tokens.map { (Array($0.spelling.unicodeScalars), $0.token) }
      .filter { !$0.0.isEmpty }
      .sorted { $0.0.count > $1.0.count }
    firstScalars = Set(spellings.compactMap(\.scalars.first))
  }

  /// The text cut at its special tokens; where there are none, one part.
  func parts(of text: [Unicode.Scalar]) -> [Part] {
    var parts: [Part] = []
    var begin = 0
    var position = 0
    while position < text.count {
      guard firstScalars.contains(text[position]),
        let found = spellings.first(where: { text[position...].starts(with: $0.scalars) })
      else {
        position += 1
        continue
      }
      if begin < position { parts.append(.text(text[begin..<position])) }
      parts.append(.special(found.token))
      position += found.scalars.count
      begin = position
    }
    if begin < text.count { parts.append(.text(text[begin...])) }
    return parts
  }
}
