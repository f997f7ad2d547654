import Basics
import CLIP
import Foundation
import TestSupport
import Testing

/// What `Tests/Fixtures/make_tokens.py` wrote.
struct TokenizerGolden: Decodable {
  struct Row: Decodable, CustomTestStringConvertible {
    var text: String
    var tokens: [Int]

    var testDescription: String { String(reflecting: text.prefix(60)) }
  }

  struct ImageNet: Decodable {
    var prompts: Int
    var longest: Int
    var digest: String
    var classes: [String]
    var rows: [Row]
  }

  struct Partial: Decodable {
    var vocabulary: [String: Int]
    var merges: [[String]]
    var rows: [Row]
  }

  var imagenet: ImageNet
  var texts: [Row]
  var shortened: [Row]
  var trained: [Row]
  var padded: [Row]
  var partial: Partial
  var release: [Row]
  var release_trained: [Row]
  var release_unrepaired: [Row]
  var release_shortened: [Row]

  static let shared = Result {
    try JSONDecoder().decode(TokenizerGolden.self, from: Fixtures.data("tokenizer/golden.json"))
  }
}

/// CLIP's own vocabulary, which is fetched and not committed.
enum CLIPVocabulary {
  struct Missing: Error, CustomStringConvertible {
    var description: String {
      "CLIP's vocabulary is not in .cache: run scripts/fetch-test-vocabulary.sh first"
    }
  }

  static let folder = Fixtures.path("../../.cache/clip-vocabulary")

  static let tokenizer = Result<Tokenizer, any Error> {
    guard FileManager.default.fileExists(atPath: folder + "/vocab.json") else { throw Missing() }
    return try Tokenizer(folder: folder)
  }
}

/// The same vocabulary in the file of the CLIP release.
enum CLIPRelease {
  static let name = "bpe_simple_vocab_16e6.txt.gz"
  static let folder = Fixtures.path("../../.cache/clip-release")

  static let tokenizer = Result<Tokenizer, any Error> {
    guard FileManager.default.fileExists(atPath: "\(folder)/\(name)") else {
      throw CLIPVocabulary.Missing()
    }
    return try Tokenizer(folder: folder)
  }
}

/// Writes files into a folder.
func write(_ files: [String: String], to folder: String) throws {
  for (name, text) in files { try AtomicFile.write(text, to: folder + "/" + name) }
}
