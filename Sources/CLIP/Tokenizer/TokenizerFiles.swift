import Basics
import Foundation

/// What the tokenizer files of a checkpoint say, before it is checked.
struct TokenizerFiles {
  var vocabulary: [String: Int]
  var merges: [(left: String, right: String)]
  var specialTokens: Tokenizer.SpecialTokens
  /// Where the vocabulary and a merge were read, for errors.
  var vocabularySource: String
  var mergeSource: (Int) -> String
  /// The files' bytes by name, where they can be written again as they are.
  var raw: [String: Data]
  var cleaning = TextCleaning.transformers
}

extension TokenizerFiles {
  /// The files of a Hugging Face checkpoint that belong to the tokenizer.
  static let names = [
    "vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json",
  ]

  /// Reads what is there of a folder's tokenizer files; each may have up to 64 MiB.
  init(folder: String) throws(HoldfastError) {
    var raw: [String: Data] = [:]
    for name in Self.names {
      let path = folder + "/" + name
      guard FileManager.default.fileExists(atPath: path) else { continue }
      raw[name] = try LimitedFile.read(path, limit: 64 << 20)
    }
    var added: [String: Int] = [:]
    if let data = raw["added_tokens.json"] {
      added = try Self.decode([String: Int].self, data, folder + "/added_tokens.json")
    }
    if let vocabulary = raw["vocab.json"], let merges = raw["merges.txt"] {
      let path = folder + "/merges.txt"
      let lines = try MergeLines(merges, path: path)
      self.init(
        vocabulary: try Self.decode([String: Int].self, vocabulary, folder + "/vocab.json"),
        merges: lines.merges, specialTokens: .init(), vocabularySource: folder + "/vocab.json",
        mergeSource: { "\(path):\(lines.firstLine + $0)" }, raw: raw)
    } else if let data = raw["tokenizer.json"] {
      let path = folder + "/tokenizer.json"
      let document = try Self.decode(TokenizerDocument.self, data, path)
      try document.check(path: path)
      for token in document.added_tokens ?? [] { added[token.content] = token.id }
      self.init(
        vocabulary: document.model.vocab, merges: document.model.merges.map { ($0.left, $0.right) },
        specialTokens: .init(), vocabularySource: path,
        mergeSource: { "\(path): merge \($0 + 1)" }, raw: raw)
    } else if FileManager.default.fileExists(atPath: "\(folder)/\(Self.release)") {
      try self.init(release: "\(folder)/\(Self.release)")
      return
    } else {
      throw .missingInput(
        "\(folder): no tokenizer (neither vocab.json with merges.txt, nor tokenizer.json, nor "
          + "\(Self.release))",
        remedy: "Copy vocab.json and merges.txt from the checkpoint that the model came from.")
    }
    vocabulary.merge(added) { own, _ in own }
    specialTokens = try Self.specialTokens(raw, folder: folder, vocabulary: vocabulary)
  }

  /// The vocabulary of OpenAI's CLIP and of `open_clip`, compressed, in which only merges are listed.
  static let release = "bpe_simple_vocab_16e6.txt.gz"
  /// The merges of it that CLIP uses: 49152 tokens without two for each byte and two special ones.
  private static let releaseMerges = 49_152 - 256 - 2

  /// Reads the release's vocabulary: the bytes, the bytes that end a word, the merges, and the start
  /// and end tokens are numbered in this order (`clip/simple_tokenizer.py` of openai/CLIP).
  init(release path: String) throws(HoldfastError) {
    let text = try Compression.inflated(
      LimitedFile.read(path, limit: 16 << 20), .gzip, limit: 64 << 20, name: path)
    let lines = try MergeLines(text, path: path, limit: Self.releaseMerges)
    let symbols = ByteAlphabet.order.map { ByteAlphabet.symbols[Int($0)] }
    let names =
      symbols + symbols.map { $0 + ByteAlphabet.wordEnd } + lines.merges.map { $0.left + $0.right }
    let special = Tokenizer.SpecialTokens()
    var vocabulary: [String: Int] = [:]
    for (number, name) in (names + [special.start, special.end]).enumerated() {
      vocabulary[name] = number
    }
    self.init(
      vocabulary: vocabulary, merges: lines.merges, specialTokens: special, vocabularySource: path,
      mergeSource: { "\(path):\(lines.firstLine + $0)" }, raw: [:], cleaning: .release)
  }

  /// The special tokens that the two small files name, read in the order of `transformers`.
  private static func specialTokens(
    _ raw: [String: Data], folder: String, vocabulary: [String: Int]
  ) throws(HoldfastError) -> Tokenizer.SpecialTokens {
    var names: [String: String] = [:]
    var isLegacy = true
    for file in ["tokenizer_config.json", "special_tokens_map.json"] {
      guard let data = raw[file], isLegacy else { continue }
      let values = try JSONValue.parse(data, source: folder + "/" + file)
      isLegacy = values["added_tokens_decoder"] == nil
      for key in ["bos_token", "eos_token", "pad_token", "unk_token"] {
        if let name = values[key]?.string ?? values[key]?["content"]?.string { names[key] = name }
      }
    }
    // Early open_clip folders spell the two with underscores.
    let isUnderscored = vocabulary["<|startoftext|>"] == nil && vocabulary["<start_of_text>"] != nil
    let end = names["eos_token"] ?? (isUnderscored ? "<end_of_text>" : "<|endoftext|>")
    return Tokenizer.SpecialTokens(
      start: names["bos_token"] ?? (isUnderscored ? "<start_of_text>" : "<|startoftext|>"),
      end: end, pad: names["pad_token"], unknown: names["unk_token"])
  }

  private static func decode<Content: Decodable>(
    _ type: Content.Type, _ data: Data, _ path: String
  ) throws(HoldfastError) -> Content {
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch {
      throw .badData(
        "\(path): not a tokenizer file (\(decodingProblem(error)))",
        remedy: "Copy the file again from the checkpoint that the model came from.")
    }
  }

  private static func decodingProblem(_ error: any Error) -> String {
    func place(_ path: [any CodingKey]) -> String {
      path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
    switch error as? DecodingError {
    case .typeMismatch(_, let context) where !context.codingPath.isEmpty,
      .valueNotFound(_, let context) where !context.codingPath.isEmpty,
      .dataCorrupted(let context) where !context.codingPath.isEmpty:
      return "wrong type at \(place(context.codingPath))"
    case .typeMismatch, .valueNotFound:
      return "wrong type"
    case .keyNotFound(let key, let context):
      return "missing \(place(context.codingPath + [key]))"
    default:
      return "not valid JSON"
    }
  }
}
