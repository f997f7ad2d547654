import Basics
import CLIP
import Foundation
import TestSupport
import Testing

/// Training a small vocabulary; `make_tokens.py` holds a second implementation, in Python.
@Suite struct TokenizerTrainerTests {
  let texts: [String]

  init() throws {
    texts = try String(contentsOfFile: Fixtures.path("tokenizer/words.txt"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  @Test func everyWordIsOneToken() throws {
    let tokenizer = try BytePairTrainer.train(on: texts)
    for word in texts.joined(separator: " ").split(whereSeparator: { !$0.isLetter }) {
      #expect(tokenizer.tokens(of: String(word)).count == 3, "\(word)")
    }
    #expect(tokenizer.tokens(of: "a photo of a cat.").count == 8)
    #expect(tokenizer.vocabularyCount == 512 + tokenizer.merges.count + 2)
    #expect(tokenizer.startToken == tokenizer.vocabularyCount - 2)
    #expect(tokenizer.endToken == tokenizer.vocabularyCount - 1)
  }

  @Test func theFilesAreThoseOfTheReferenceImplementation() throws {
    try withTemporaryFolder { folder in
      try BytePairTrainer.train(on: texts).write(to: folder)
      for name in ["vocab.json", "merges.txt"] {
        let ours = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
        let theirs = try Fixtures.data("tokenizer/trained/" + name)
        #expect(ours == String(decoding: theirs, as: UTF8.self), "\(name)")
      }
    }
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let trained = try BytePairTrainer.train(on: texts)
    let made = try Tokenizer(
      vocabulary: trained.vocabulary, merges: trained.merges, specialTokens: .init(pad: "!"))
    try withTemporaryFolder { folder in
      try made.write(to: folder, contextLength: 32)
      let read = try Tokenizer(folder: folder)
      #expect(read.vocabulary == made.vocabulary)
      #expect(read.specialTokens == made.specialTokens)
      #expect(read.tokens(of: "a sketch of my dog") == made.tokens(of: "a sketch of my dog"))
      let config = try JSONValue.parse(
        Data(contentsOf: URL(fileURLWithPath: folder + "/tokenizer_config.json")), source: "config")
      #expect(config["model_max_length"]?.int == 32)
      #expect(config["tokenizer_class"]?.string == "CLIPTokenizer")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(
        names == ["merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json"])
    }
  }

  @Test func theMostFrequentPairIsMergedFirst() throws {
    let merges = try BytePairTrainer.train(on: ["xy", "xy", "pqa", "pqb", "pqc"]).merges
    #expect(merges.first?.left == "p")
    #expect(merges.first?.right == "q")
    #expect(merges.count == 5)
  }

  @Test func nothingToTrainOnLeavesTheBytes() throws {
    let tokenizer = try BytePairTrainer.train(on: ["", " ", "1 2 !"])
    #expect(tokenizer.merges.isEmpty)
    #expect(tokenizer.vocabularyCount == 514)
    #expect(tokenizer.tokens(of: "é").count == 4)
  }
}
