import Basics
import CLIP
import Foundation
import TestSupport
import Testing

/// The vocabulary in the file of the CLIP release, and the cleaning of `open_clip`.
@Suite struct TokenizerReleaseTests {
  let golden: TokenizerGolden

  init() throws {
    golden = try TokenizerGolden.shared.get()
  }

  @Test func theVocabularyIsThatOfTheOtherFiles() throws {
    let release = try CLIPRelease.tokenizer.get()
    let other = try CLIPVocabulary.tokenizer.get()
    #expect(release.cleaning == .release && other.cleaning == .transformers)
    #expect(release.vocabulary == other.vocabulary)
    #expect(release.merges.map { "\($0) \($1)" } == other.merges.map { "\($0) \($1)" })
    #expect(release.startToken == 49406 && release.endToken == 49407)
    #expect(release.vocabularyCount == 49408)
  }

  @Test func oddTextsHaveTheTokensOfOpenCLIP() throws {
    let tokenizer = try CLIPRelease.tokenizer.get()
    #expect(golden.release.count > 350)
    for row in golden.release {
      #expect(tokenizer.tokens(of: row.text) == row.tokens, "\(row.testDescription)")
    }
  }

  /// What `ReleaseCleaning` says of itself: only these are left as they are, or repaired alone.
  @Test func whatIsNotRepairedIsStillText() throws {
    let tokenizer = try CLIPRelease.tokenizer.get()
    #expect(golden.release_unrepaired.count == 6)
    for row in golden.release_unrepaired {
      #expect(tokenizer.tokens(of: row.text) != row.tokens, "\(row.testDescription)")
    }
  }

  @Test func longTextsAreCutBeforeTheEndToken() throws {
    let rows = golden.release_shortened
    let batch = try CLIPRelease.tokenizer.get().encode(rows.map(\.text), contextLength: 77)
    for (index, row) in rows.enumerated() {
      let tokens = batch[index].prefix(batch.endPositions[index] + 1)
      #expect(Array(tokens) == row.tokens, "\(row.testDescription)")
      #expect(tokens.last == 49407 && tokens.count == row.tokens.count)
    }
    #expect(batch.shortened == [0, 2, 3])
  }

  @Test func aSmallerFileOfTheReleaseIsRead() throws {
    let tokenizer = try Tokenizer(folder: Fixtures.path("tokenizer/release"))
    #expect(tokenizer.merges.count == 84 && tokenizer.vocabularyCount == 512 + 84 + 2)
    for row in golden.release_trained {
      #expect(tokenizer.tokens(of: row.text) == row.tokens, "\(row.testDescription)")
    }
  }

  @Test func theOtherFilesAreTakenFirst() throws {
    try withTemporaryFolder { folder in
      let packed = try Fixtures.data("tokenizer/release/\(CLIPRelease.name)")
      try AtomicFile.write(packed, to: "\(folder)/\(CLIPRelease.name)")
      let text = "&lt;cat&gt;"
      let release = try Tokenizer(folder: folder)
      let written = "\(folder)/written"
      try AtomicFile.makeFolder(written)
      try release.write(to: written)
      for name in try FileManager.default.contentsOfDirectory(atPath: written) {
        #expect(name != CLIPRelease.name)
        try FileManager.default.copyItem(atPath: "\(written)/\(name)", toPath: "\(folder)/\(name)")
      }
      let plain = try Tokenizer(folder: folder)
      #expect(plain.vocabulary == release.vocabulary && plain.cleaning == .transformers)
      #expect(plain.tokens(of: "a cat") == release.tokens(of: "a cat"))
      #expect(plain.tokens(of: text) != release.tokens(of: text))
      #expect(release.tokens(of: text) == release.tokens(of: "<cat>"))
    }
  }

  @Test func aDamagedFileIsSaid() throws {
    let packed = try Fixtures.data("tokenizer/release/\(CLIPRelease.name)")
    var flipped = packed
    flipped[packed.count / 2] ^= 0x10
    let cases: [(Data, String)] = [
      (Data(), "damaged or cut off"), (packed.dropLast(9), "damaged or cut off"),
      (flipped, "damaged or cut off"), (Data("a b\n".utf8), "damaged or cut off"),
      (packed + packed, ":85: not two symbols"), (packed + Data([1]), "damaged or cut off"),
      (Data(count: 17 << 20), "larger than"),
    ]
    try withTemporaryFolder { folder in
      for (data, problem) in cases {
        try AtomicFile.write(data, to: "\(folder)/\(CLIPRelease.name)")
        expectProblem(.badData, containing: CLIPRelease.name, problem) {
          try Tokenizer(folder: folder)
        }
      }
    }
  }

  @Test func noTextStopsIt() throws {
    let tokenizer = try Tokenizer(folder: Fixtures.path("tokenizer/release"))
    let pieces = [
      "&", "#", ";", "x", "amp", "&#", "\u{1B}[", "9", "Â", "Ã", "é", "\u{92}", "Σ", "<",
    ]
    var random = CounterRandom(11)
    for _ in 0..<2_000 {
      let text = (0..<random.below(12)).map { _ in pieces[random.below(pieces.count)] }.joined()
      #expect(tokenizer.tokens(of: text).last == tokenizer.endToken)
    }
    for text in [
      "&#" + String(repeating: "9", count: 100_000), String(repeating: "&", count: 100_000),
      "&" + String(repeating: "amp;", count: 2_000),
      String(repeating: "Ã\u{83}Â\u{A9}", count: 9_000),
      String(repeating: "\u{1B}[", count: 50_000), String(repeating: "&a", count: 50_000),
      String(repeating: "e\u{301}", count: 20_000),
    ] {
      #expect(tokenizer.tokens(of: text).last == tokenizer.endToken)
    }
  }
}
