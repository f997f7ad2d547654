import Basics
import Foundation

/// CLIP's tokenizer: byte-level BPE over cleaned, lower-cased words.
///
/// Radford et al., "Learning transferable visual models from natural language supervision",
/// 2021. Tokens are equal to those of `transformers`' `CLIPTokenizer` on the same files, and those
/// of a vocabulary from the release's own file to those of `open_clip`; see `TextCleaning`. A
/// special token written out in a text, such as `<|endoftext|>`, becomes that token, as there.
public struct Tokenizer: Sendable {
  /// The tokens with a role of their own, as a vocabulary spells them.
  public struct SpecialTokens: Sendable, Hashable {
    public var start: String
    public var end: String
    public var pad: String
    /// What a byte that the vocabulary lacks becomes.
    public var unknown: String

    /// The names of CLIP's release; a missing pad or unknown token is the end token.
    public init(
      start: String = "<|startoftext|>", end: String = "<|endoftext|>", pad: String? = nil,
      unknown: String? = nil
    ) {
      self.start = start
      self.end = end
      self.pad = pad ?? end
      self.unknown = unknown ?? end
    }
  }

  /// The number of each token.
  public let vocabulary: [String: Int]
  /// The pairs that are merged, most wanted first.
  public let merges: [(left: String, right: String)]
  public let specialTokens: SpecialTokens
  /// What is done to texts first; the file that the vocabulary came from says what.
  public let cleaning: TextCleaning

  /// The token before each text, 49406 in CLIP's vocabulary.
  public let startToken: Int
  /// The token after each text, 49407 in CLIP's vocabulary.
  public let endToken: Int
  /// The token that fills short rows; what it is does not reach the features of a causal tower.
  public let padToken: Int
  /// The rows that a token embedding needs: the largest token number plus one, 49408 for CLIP.
  public let vocabularyCount: Int

  /// The files this tokenizer was read from, by name, to be written again byte for byte.
  let files: [String: Data]
  private let table: MergeTable
  private let finder: SpecialTokenFinder

  /// A tokenizer from a vocabulary and its merges.
  ///
  /// - Throws: `HoldfastError` of kind `badData` if a special token or a part of a merge is not
  ///   in the vocabulary, if no token ends a word with `</w>`, or if a number is out of range.
  public init(
    vocabulary: [String: Int], merges: [(left: String, right: String)],
    specialTokens: SpecialTokens = SpecialTokens(), cleaning: TextCleaning = .transformers
  ) throws(HoldfastError) {
    try self.init(
      TokenizerFiles(
        vocabulary: vocabulary, merges: merges, specialTokens: specialTokens,
        vocabularySource: "vocabulary", mergeSource: { "merge \($0 + 1)" }, raw: [:],
        cleaning: cleaning))
  }

  init(_ files: TokenizerFiles) throws(HoldfastError) {
    let vocabulary = files.vocabulary
    let remedy = "Copy all tokenizer files from the checkpoint that the model came from."
    guard let largest = vocabulary.values.max(), largest < 1 << 24,
      vocabulary.values.allSatisfy({ $0 >= 0 })
    else {
      throw .badData(
        "\(files.vocabularySource): token numbers must be from 0 to 16777215", remedy: remedy)
    }
    guard vocabulary.keys.contains(where: { $0.hasSuffix(ByteAlphabet.wordEnd) }) else {
      throw .badData(
        "\(files.vocabularySource): not a CLIP vocabulary (no token ends in </w>)", remedy: remedy)
    }
    func number(of name: String) throws(HoldfastError) -> Int {
      if let number = vocabulary[name] { return number }
      throw .badData(
        "\(files.vocabularySource): the special token \(name) is not in the vocabulary",
        remedy: remedy)
    }
    startToken = try number(of: files.specialTokens.start)
    endToken = try number(of: files.specialTokens.end)
    padToken = try number(of: files.specialTokens.pad)
    let unknown = try number(of: files.specialTokens.unknown)
    vocabularyCount = largest + 1

    var table = MergeTable(vocabulary: vocabulary, unknown: unknown)
    table.reserveCapacity(files.merges.count)
    for (rank, merge) in files.merges.enumerated() {
      guard let left = vocabulary[merge.left], let right = vocabulary[merge.right],
        let whole = vocabulary[merge.left + merge.right]
      else {
        throw .badData(
          "\(files.mergeSource(rank)): \(merge.left) + \(merge.right) is not in the vocabulary",
          remedy: remedy)
      }
      table.insert(left, right, into: whole, rank: rank)
    }
    self.table = table
    self.vocabulary = vocabulary
    merges = files.merges
    specialTokens = files.specialTokens
    cleaning = files.cleaning
    self.files = files.raw
    finder = SpecialTokenFinder([
      (specialTokens.start, startToken), (specialTokens.end, endToken),
      (specialTokens.pad, padToken), (specialTokens.unknown, unknown),
    ])
  }

  /// The tokens of one text, from the start token to the end token.
  public func tokens(of text: String) -> [Int] {
    var known: [[UInt8]: [Int]] = [:]
    return tokens(of: text, known: &known)
  }

  /// The tokens of several texts in one table, padded to the longest.
  ///
  /// A text of more than `contextLength` tokens (at least 2; 77 for CLIP) is cut so that the end
  /// token stays the last, as `transformers` does with `truncation=True`.
  public func encode(_ texts: [String], contextLength: Int) -> TokenBatch {
    let limit = max(contextLength, 2)
    var known: [[UInt8]: [Int]] = [:]
    var shortened: [Int] = []
    var rows: [[Int]] = []
    rows.reserveCapacity(texts.count)
    for (row, text) in texts.enumerated() {
      let tokens = tokens(of: text, known: &known)
      if tokens.count > limit { shortened.append(row) }
      rows.append(tokens.count > limit ? tokens.prefix(limit - 1) + [endToken] : tokens)
    }
    return TokenBatch(rows: rows, endToken: endToken, padToken: padToken, shortened: shortened)
  }

  /// The tokens of a text, remembering those of each word.
  private func tokens(of text: String, known: inout [[UInt8]: [Int]]) -> [Int] {
    let scalars = Array(text.unicodeScalars)
    var tokens = [startToken]
    if cleaning == .release {
      // A special token is found among the words of the cleaned text.
      known[Array(specialTokens.start.utf8)] = [startToken]
      known[Array(specialTokens.end.utf8)] = [endToken]
      append(ReleaseCleaning.cleaned(scalars), to: &tokens, known: &known)
      return tokens + [endToken]
    }
    for part in finder.parts(of: scalars) {
      switch part {
      case .special(let token):
        tokens.append(token)
      case .text(let scalars):
        append(WordSplitter.cleaned(scalars), to: &tokens, known: &known)
      }
    }
    return tokens + [endToken]
  }

  private func append(
    _ text: [Unicode.Scalar], to tokens: inout [Int], known: inout [[UInt8]: [Int]]
  ) {
    for word in WordSplitter.words(of: text, as: cleaning) {
      var bytes: [UInt8] = []
      for scalar in word { bytes.append(contentsOf: UTF8.encode(scalar) ?? .init()) }
      if let ready = known[bytes] {
        tokens += ready
      } else {
        let fresh = table.tokens(of: bytes)
        known[bytes] = fresh
        tokens += fresh
      }
    }
  }
}
