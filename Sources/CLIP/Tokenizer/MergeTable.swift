/// The merges of a byte-level BPE vocabulary, keyed by token numbers.
struct MergeTable: Sendable {
  private struct Merge: Sendable {
    var rank: Int
    var token: Int
  }

  private struct Pair: Hashable, Sendable {
    var left: Int
    var right: Int
  }

  /// The token of each byte within a word, and of each byte that ends one.
  private let byteTokens: [Int]
  private let lastByteTokens: [Int]
  private var merges: [Pair: Merge] = [:]

  /// A table without merges; bytes that the vocabulary lacks become `unknown`.
  init(vocabulary: [String: Int], unknown: Int) {
    byteTokens = ByteAlphabet.symbols.map { vocabulary[$0] ?? unknown }
    lastByteTokens = ByteAlphabet.symbols.map { vocabulary[$0 + ByteAlphabet.wordEnd] ?? unknown }
  }

  /// Adds a merge; the lowest rank is merged first.
  mutating func insert(_ left: Int, _ right: Int, into token: Int, rank: Int) {
    merges[Pair(left: left, right: right)] = Merge(rank: rank, token: token)
  }

  mutating func reserveCapacity(_ count: Int) {
    merges.reserveCapacity(count)
  }

  /// The tokens of a word: of all adjacent pairs the one of lowest rank, and among those the
  /// leftmost, is merged, until none is left.
  func tokens(of word: [UInt8]) -> [Int] {
    guard let last = word.last else { return [] }
    var tokens = word.dropLast().map { byteTokens[Int($0)] } + [lastByteTokens[Int(last)]]
    // A linked list over positions: merged-away positions hold no token any more.
    var next = Array(1...tokens.count)
    var previous = Array(-1..<tokens.count - 1)
    var isMergedAway = [Bool](repeating: false, count: tokens.count)
    var queue = MergeQueue()

    func merge(at left: Int) -> Merge? {
      guard left >= 0, next[left] < tokens.count else { return nil }
      return merges[Pair(left: tokens[left], right: tokens[next[left]])]
    }
    for position in tokens.indices {
      if let found = merge(at: position) { queue.push(rank: found.rank, position: position) }
    }
    while let (rank, left) = queue.pop() {
      guard !isMergedAway[left], let found = merge(at: left), found.rank == rank else { continue }
      let right = next[left]
      tokens[left] = found.token
      isMergedAway[right] = true
      next[left] = next[right]
      if next[left] < tokens.count { previous[next[left]] = left }
      for position in [previous[left], left] {
        if let found = merge(at: position) { queue.push(rank: found.rank, position: position) }
      }
    }
    return tokens.indices.filter { !isMergedAway[$0] }.map { tokens[$0] }
  }
}
