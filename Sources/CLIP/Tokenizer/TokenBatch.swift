/// The tokens of several texts as one padded table.
public struct TokenBatch: Sendable, Hashable {
  /// The tokens, row by row: `[count, length]`, each row ended by padding.
  public let ids: [Int]
  /// The number of texts.
  public let count: Int
  /// The number of tokens in the longest text, start and end tokens included.
  public let length: Int
  /// The position of the first end token in each row, which is where CLIP's text tower pools.
  public let endPositions: [Int]
  /// The rows whose text was longer than the context and lost its tail.
  public let shortened: [Int]

  /// Pads rows of tokens to the longest of them.
  init(rows: [[Int]], endToken: Int, padToken: Int, shortened: [Int]) {
    let length = rows.lazy.map(\.count).max() ?? 0
    ids = rows.flatMap { $0 + [Int](repeating: padToken, count: length - $0.count) }
    count = rows.count
    self.length = length
    endPositions = rows.map { row in row.firstIndex(of: endToken) ?? row.count - 1 }
    self.shortened = shortened
  }

  /// The padded tokens of one text.
  public subscript(row: Int) -> ArraySlice<Int> {
    ids[row * length..<(row + 1) * length]
  }
}
