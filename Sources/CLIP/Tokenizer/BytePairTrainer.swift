import Basics

/// Trains a small byte-level BPE vocabulary, in the layout of CLIP's.
///
/// The most frequent pair of adjacent symbols is merged until every word of the texts is one
/// token (Sennrich, Haddow, Birch: "Neural machine translation of rare words with subword units",
/// 2016). Among equally frequent pairs the one whose symbols came first is taken, so that the
/// same texts always give the same vocabulary.
public enum BytePairTrainer {
  /// A tokenizer for which every word of the texts is one token.
  ///
  /// Numbers are given as CLIP gives them: 256 byte symbols, the same with `</w>`, one for each
  /// merge, the start token, the end token. A word that appears often counts as often.
  public static func train(on texts: [String]) throws(HoldfastError) -> Tokenizer {
    let symbols = ByteAlphabet.order.map { ByteAlphabet.symbols[Int($0)] }
    var names = symbols + symbols.map { $0 + ByteAlphabet.wordEnd }
    var numbers: [String: Int] = [:]
    for (number, name) in names.enumerated() { numbers[name] = number }

    var words = countedWords(of: texts, numbers: numbers)
    var merges: [(left: String, right: String)] = []
    while let pair = mostFrequentPair(in: words) {
      let whole = names[pair.left] + names[pair.right]
      let token = numbers[whole] ?? names.count
      if token == names.count {
        numbers[whole] = token
        names.append(whole)
      }
      merges.append((names[pair.left], names[pair.right]))
      for index in words.indices { words[index].merge(pair, into: token) }
    }
    for special in ["<|startoftext|>", "<|endoftext|>"] { numbers[special] = numbers.count }
    return try Tokenizer(vocabulary: numbers, merges: merges)
  }

  private struct Pair: Hashable {
    var left: Int
    var right: Int
  }

  /// A word as its present symbols, and how often it appears.
  private struct Word {
    var symbols: [Int]
    var count: Int

    mutating func merge(_ pair: Pair, into token: Int) {
      var merged: [Int] = []
      for symbol in symbols {
        // `merged` may end in the new token but never in a half of this pair already used.
        if symbol == pair.right, merged.last == pair.left {
          merged[merged.count - 1] = token
        } else {
          merged.append(symbol)
        }
      }
      symbols = merged
    }
  }

  private static func countedWords(of texts: [String], numbers: [String: Int]) -> [Word] {
    var counts: [String: Int] = [:]
    for text in texts {
      for word in WordSplitter.words(of: WordSplitter.cleaned(Array(text.unicodeScalars)[...])) {
        var symbols = word.flatMap { Array(UTF8.encode($0) ?? .init()) }
          .map { ByteAlphabet.symbols[Int($0)] }
        let last = symbols.removeLast()
        counts[(symbols + [last + ByteAlphabet.wordEnd]).joined(separator: " "), default: 0] += 1
      }
    }
    return counts.sorted { $0.key < $1.key }.map { word, count in
      Word(symbols: word.split(separator: " ").compactMap { numbers[String($0)] }, count: count)
    }
  }

  private static func mostFrequentPair(in words: [Word]) -> Pair? {
    var counts: [Pair: Int] = [:]
    for word in words {
      for (left, right) in zip(word.symbols, word.symbols.dropFirst()) {
        counts[Pair(left: left, right: right), default: 0] += word.count
      }
    }
    return counts.min {
      ($1.value, $0.key.left, $0.key.right) < ($0.value, $1.key.left, $1.key.right)
    }?
    .key
  }
}
