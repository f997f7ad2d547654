import Basics
import Foundation

extension Tokenizer {
  /// The tokenizer in a checkpoint's folder.
  ///
  /// Reads `vocab.json` and `merges.txt`, or else `tokenizer.json`, or else the release's
  /// `bpe_simple_vocab_16e6.txt.gz`; `tokenizer_config.json` and `special_tokens_map.json` name the
  /// special tokens of the former where they are there.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput` if the folder holds no tokenizer, and
  ///   `badData`, with the file and the position, if a file is not what it should be.
  public init(folder: String) throws(HoldfastError) {
    try self.init(TokenizerFiles(folder: folder))
  }

  /// Writes the tokenizer into a checkpoint's folder, for `transformers` and for `init(folder:)`.
  ///
  /// A tokenizer that was read from files is written as those files, byte for byte; one that was
  /// trained, or comes from the release's file, as `vocab.json`, `merges.txt`,
  /// `tokenizer_config.json` and `special_tokens_map.json`, which `transformers` reads. Read again,
  /// it cleans texts as `transformers` does.
  ///
  /// - Parameter contextLength: What `tokenizer_config.json` gives as `model_max_length`.
  public func write(to folder: String, contextLength: Int = 77) throws(HoldfastError) {
    let files = files.isEmpty ? freshFiles(contextLength: contextLength) : files
    for (name, data) in files.sorted(by: { $0.key < $1.key }) {
      try AtomicFile.write(data, to: folder + "/" + name)
    }
  }

  private func freshFiles(contextLength: Int) -> [String: Data] {
    let special: [String: JSONValue] = [
      "bos_token": .string(specialTokens.start), "eos_token": .string(specialTokens.end),
      "pad_token": .string(specialTokens.pad), "unk_token": .string(specialTokens.unknown),
    ]
    let settings: [String: JSONValue] = [
      "tokenizer_class": .string("CLIPTokenizer"), "model_max_length": .integer(contextLength),
      "do_lower_case": .bool(true),
    ]
    let config = JSONValue.object(special.merging(settings) { own, _ in own })
    let lines = ["#version: 0.2"] + merges.map { "\($0.left) \($0.right)" }
    return [
      "vocab.json": Data(vocabularyText.utf8),
      "merges.txt": Data((lines.joined(separator: "\n") + "\n").utf8),
      "tokenizer_config.json": Data((config.text(pretty: true) + "\n").utf8),
      "special_tokens_map.json": Data((JSONValue.object(special).text(pretty: true) + "\n").utf8),
    ]
  }

  /// The vocabulary in order of its numbers, which is how people read it.
  private var vocabularyText: String {
    let members = vocabulary.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
      .map { "\(JSONValue.string($0.key).text()): \($0.value)" }
    return "{" + members.joined(separator: ", ") + "}\n"
  }
}
