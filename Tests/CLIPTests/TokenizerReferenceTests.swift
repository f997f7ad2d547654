import Basics
import CLIP
import Foundation
import TestSupport
import Testing

/// Tokens are equal to those of `transformers` on CLIP's own vocabulary.
@Suite struct TokenizerReferenceTests {
  let tokenizer: Tokenizer
  let golden: TokenizerGolden

  init() throws {
    tokenizer = try CLIPVocabulary.tokenizer.get()
    golden = try TokenizerGolden.shared.get()
  }

  @Test func theSpecialTokensAreThoseOfTheRelease() {
    #expect(tokenizer.startToken == 49406)
    #expect(tokenizer.endToken == 49407)
    #expect(tokenizer.padToken == 49407)
    #expect(tokenizer.vocabularyCount == 49408)
    #expect(tokenizer.merges.count == 48894)
  }

  @Test func oddTextsHaveTheTokensOfTheReference() {
    #expect(golden.texts.count >= 100)
    for row in golden.texts {
      #expect(tokenizer.tokens(of: row.text) == row.tokens, "\(row.testDescription)")
    }
  }

  @Test func longTextsAreCutBeforeTheEndToken() {
    let batch = tokenizer.encode(golden.shortened.map(\.text), contextLength: 77)
    for (index, row) in golden.shortened.enumerated() {
      let end = batch.endPositions[index]
      #expect(Array(batch[index].prefix(end + 1)) == row.tokens, "\(row.testDescription)")
    }
    #expect(batch.length == 77)
    #expect(batch.shortened == [0, 4])
  }

  /// The 1,000 names in the 80 prompts; the digest's layout is described in `make_tokens.py`.
  ///
  /// `open_clip` has the same tokens for all of them.
  @Test(arguments: [TextCleaning.transformers, .release])
  func all80000ImageNetPromptsHaveTheTokensOfTheReference(_ cleaning: TextCleaning) throws {
    let tokenizer = cleaning == .release ? try CLIPRelease.tokenizer.get() : tokenizer
    let names = try ClassNames(file: Fixtures.path("tokenizer/imagenet-names.txt")).names
    let prompts = names.flatMap { PromptSet.openAI80.prompts(for: $0) }
    #expect(prompts.count == golden.imagenet.prompts)
    let batch = tokenizer.encode(prompts, contextLength: 77)
    #expect(batch.length == golden.imagenet.longest)
    #expect(batch.shortened.isEmpty)

    for row in golden.imagenet.rows {
      let index = try #require(prompts.firstIndex(of: row.text))
      #expect(Array(batch[index].prefix(row.tokens.count)) == row.tokens, "\(row.text)")
    }
    var whole = SHA256()
    for index in names.indices {
      var one = SHA256()
      for row in (80 * index)..<(80 * index + 80) {
        let data = bytes(of: batch[row].prefix(batch.endPositions[row] + 1))
        whole.update(data)
        one.update(data)
      }
      #expect(one.name.dropFirst(7).prefix(12) == golden.imagenet.classes[index], "\(names[index])")
    }
    #expect(whole.name == golden.imagenet.digest)
  }

  /// Each token as a little-endian 32-bit integer.
  private func bytes(of tokens: ArraySlice<Int>) -> Data {
    tokens.map { Int32($0).littleEndian }.withUnsafeBytes { Data($0) }
  }

  @Test func noTextStopsIt() {
    var random = CounterRandom(2024)
    for _ in 0..<2_000 {
      let scalars = (0..<random.below(30)).compactMap { _ in
        Unicode.Scalar(UInt32(random.below(random.chance(0.5) ? 0x3000 : 0x110000)))
      }
      let text = String(String.UnicodeScalarView(scalars))
      let tokens = tokenizer.tokens(of: text)
      #expect(tokens.first == tokenizer.startToken)
      #expect(tokens.last == tokenizer.endToken)
      #expect(tokens.allSatisfy { (0..<tokenizer.vocabularyCount).contains($0) })
    }
  }

  @Test func aWordOfManyLettersIsNotQuadratic() {
    let tokens = tokenizer.tokens(of: String(repeating: "hahahoho", count: 4_000))
    #expect(tokens.count > 1_000)
  }
}
