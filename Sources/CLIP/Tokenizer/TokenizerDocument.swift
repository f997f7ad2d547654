import Basics

/// The parts of a `tokenizer.json` that CLIP's tokenizer needs.
struct TokenizerDocument: Decodable {
  struct AddedToken: Decodable {
    var id: Int
    var content: String
  }

  struct Model: Decodable {
    var type: String?
    var end_of_word_suffix: String?
    var vocab: [String: Int]
    var merges: [Merge]
  }

  /// A merge, written as `"a b"` or, by newer releases, as `["a", "b"]`.
  struct Merge: Decodable {
    var left: String
    var right: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      let parts =
        if let line = try? container.decode(String.self) {
          line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        } else {
          try container.decode([String].self)
        }
      guard parts.count == 2 else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a pair")
      }
      (left, right) = (parts[0], parts[1])
    }
  }

  var model: Model
  var added_tokens: [AddedToken]?

  /// Refuses the tokenizers of other models.
  func check(path: String) throws(HoldfastError) {
    guard model.type ?? "BPE" == "BPE", model.end_of_word_suffix ?? "</w>" == "</w>" else {
      throw .badData(
        "\(path): not CLIP's tokenizer (model \(model.type ?? "BPE"))",
        remedy: "Only CLIP's byte-level BPE is read; SigLIP's SentencePiece is not.")
    }
  }
}
