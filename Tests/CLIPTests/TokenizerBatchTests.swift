import Basics
import CLIP
import TestSupport
import Testing

/// Tables of tokens, special tokens and gaps in a vocabulary, on the small trained vocabulary.
@Suite struct TokenizerBatchTests {
  let tokenizer: Tokenizer
  let golden: TokenizerGolden

  init() throws {
    tokenizer = try Tokenizer(folder: Fixtures.path("tokenizer/trained"))
    golden = try TokenizerGolden.shared.get()
  }

  @Test func rowsArePaddedToTheLongest() {
    let batch = tokenizer.encode(["", "a cat.", "cat"], contextLength: 77)
    #expect(batch.count == 3)
    #expect(batch.length == 5)
    #expect(batch.ids.count == 15)
    #expect(batch.endPositions == [1, 4, 2])
    #expect(batch.shortened.isEmpty)
    let (start, end) = (tokenizer.startToken, tokenizer.endToken)
    #expect(Array(batch[0]) == [start, end, end, end, end])
    #expect(Array(batch[1]) == tokenizer.tokens(of: "a cat."))
    #expect(Array(batch[2]) == tokenizer.tokens(of: "cat") + [end, end])
  }

  @Test func noTextsMakeAnEmptyTable() {
    let batch = tokenizer.encode([], contextLength: 77)
    #expect(batch.count == 0)
    #expect(batch.length == 0)
    #expect(batch.ids.isEmpty)
  }

  @Test(arguments: [Int.min, 0, 1, 2])
  func aContextHoldsAtLeastStartAndEnd(_ length: Int) {
    let batch = tokenizer.encode(["a cat."], contextLength: length)
    #expect(batch.ids == [tokenizer.startToken, tokenizer.endToken])
    #expect(batch.shortened == [0])
  }

  @Test func anEndTokenInTheTextIsWhereTheTowerPools() {
    let batch = tokenizer.encode(["a<|endoftext|>cat"], contextLength: 77)
    #expect(batch.length == 5)
    #expect(batch.endPositions == [2])
  }

  @Test func aPadTokenOfItsOwnIsCutOutOfTexts() throws {
    let padded = try Tokenizer(
      vocabulary: tokenizer.vocabulary, merges: tokenizer.merges, specialTokens: .init(pad: "!"))
    #expect(padded.padToken == 0)
    for row in golden.padded {
      #expect(padded.tokens(of: row.text) == row.tokens, "\(row.testDescription)")
    }
    #expect(padded.encode(["", "a"], contextLength: 9)[0].last == 0)
  }

  @Test func whatAVocabularyLacksIsUnknown() throws {
    let merges = golden.partial.merges.map { (left: $0[0], right: $0[1]) }
    let partial = try Tokenizer(vocabulary: golden.partial.vocabulary, merges: merges)
    for row in golden.partial.rows {
      #expect(partial.tokens(of: row.text) == row.tokens, "\(row.testDescription)")
    }
  }

  @Test func aVocabularyIsChecked() {
    let good = ["a": 0, "a</w>": 1, "<|startoftext|>": 2, "<|endoftext|>": 3]
    func make(_ change: [String: Int?], _ merges: [(left: String, right: String)] = []) throws {
      var vocabulary = good
      for (token, number) in change { vocabulary[token] = number }
      _ = try Tokenizer(vocabulary: vocabulary, merges: merges)
    }
    #expect(throws: Never.self) { try make([:]) }
    expectProblem(.badData, containing: "from 0 to") { try make(["a": -1]) }
    expectProblem(.badData, containing: "from 0 to") { try make(["a": Int.max]) }
    expectProblem(.badData, containing: "no token ends in </w>") { try make(["a</w>": nil]) }
    expectProblem(.badData, containing: "<|startoftext|> is not") {
      try make(["<|startoftext|>": nil])
    }
    expectProblem(.badData, containing: "merge 2: a + a</w>") {
      try make(["aa": 4], [("a", "a"), ("a", "a</w>")])
    }
    expectProblem(.badData, containing: "vocabulary") { try Tokenizer(vocabulary: [:], merges: []) }
  }
}
