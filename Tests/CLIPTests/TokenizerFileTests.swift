import Basics
import CLIP
import Foundation
import TestSupport
import Testing

/// Reading and writing the tokenizer files of a checkpoint.
@Suite struct TokenizerFileTests {
  let trained = Fixtures.path("tokenizer/trained")
  let golden: [TokenizerGolden.Row]

  init() throws {
    golden = try TokenizerGolden.shared.get().trained
  }

  /// `trained` has `vocab.json` and `merges.txt`, `saved` the `tokenizer.json` of transformers 5.
  @Test(arguments: ["tokenizer/trained", "tokenizer/saved"])
  func eitherLayoutGivesTheTokensOfTheReference(_ folder: String) throws {
    let tokenizer = try Tokenizer(folder: Fixtures.path(folder))
    #expect(golden.count > 100)
    for row in golden {
      #expect(tokenizer.tokens(of: row.text) == row.tokens, "\(row.testDescription)")
    }
  }

  @Test func mergesMayBeStringsAndAddedTokensStandApart() throws {
    try withTemporaryFolder { folder in
      let vocabulary = #"{"a": 0, "b": 1, "a</w>": 2, "b</w>": 3, "ab</w>": 4}"#
      let added =
        #"[{"id": 5, "content": "<start_of_text>"}, {"id": 6, "content": "<end_of_text>"}]"#
      let model = #"{"vocab": \#(vocabulary), "merges": ["a b</w>"]}"#
      try write(["tokenizer.json": #"{"model": \#(model), "added_tokens": \#(added)}"#], to: folder)
      let tokenizer = try Tokenizer(folder: folder)
      #expect(tokenizer.tokens(of: "ab ba<end_of_text>") == [5, 4, 1, 2, 6, 6])
      #expect(tokenizer.vocabularyCount == 7)
    }
  }

  @Test func theSmallFilesNameTheSpecialTokens() throws {
    try withTemporaryFolder { folder in
      let token = #"{"content": "!", "lstrip": false, "normalized": true}"#
      try copyTrained(to: folder)
      try write(["tokenizer_config.json": #"{"pad_token": \#(token)}"#], to: folder)
      #expect(try Tokenizer(folder: folder).padToken == 0)
      // Without `added_tokens_decoder` the older file has the last word, as in transformers.
      try write(["special_tokens_map.json": ##"{"pad_token": "#"}"##], to: folder)
      #expect(try Tokenizer(folder: folder).padToken == 2)
      let newer = #"{"pad_token": \#(token), "added_tokens_decoder": {}}"#
      try write(["tokenizer_config.json": newer], to: folder)
      #expect(try Tokenizer(folder: folder).padToken == 0)
    }
  }

  @Test func filesThatWereReadAreWrittenByteForByte() throws {
    try withTemporaryFolder { folder in
      try copyTrained(to: folder + "/from")
      try write(["tokenizer_config.json": "{ \"mine\" :1}"], to: folder + "/from")
      try Tokenizer(folder: folder + "/from").write(to: folder + "/to")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/to").sorted()
      #expect(names == ["merges.txt", "tokenizer_config.json", "vocab.json"])
      for name in names {
        let (from, to) = (folder + "/from/" + name, folder + "/to/" + name)
        #expect(FileManager.default.contentsEqual(atPath: from, andPath: to), "\(name)")
      }
    }
  }

  @Test(arguments: [
    ("vocab.json", #"{"a": "b"}"#, "vocab.json: not a tokenizer file (wrong type at a)"),
    ("vocab.json", #"{"a": "#, "vocab.json: not a tokenizer file (not valid JSON)"),
    ("vocab.json", "[]", "vocab.json: not a tokenizer file (wrong type)"),
    ("vocab.json", #"{"a": 1, "b": 2}"#, "vocab.json: not a CLIP vocabulary"),
    ("merges.txt", "#version: 0.2\na b\nc\n", "merges.txt:3: not two symbols"),
    ("merges.txt", "a b\r\na b c\r\n", "merges.txt:2: not two symbols"),
    ("merges.txt", "a b\n\nc d\n", "merges.txt:2: not two symbols"),
    ("merges.txt", "a b\nq z\n", "merges.txt:2: q + z is not in the vocabulary"),
    ("tokenizer_config.json", "{", "tokenizer_config.json: not valid JSON"),
    ("tokenizer_config.json", #"{"eos_token": "</s>"}"#, "the special token </s> is not in"),
    ("added_tokens.json", #"{"x": 1.5}"#, "added_tokens.json: not a tokenizer file"),
  ])
  func aBadFileIsNamedWithItsPosition(_ name: String, _ text: String, _ problem: String) throws {
    try withTemporaryFolder { folder in
      try copyTrained(to: folder)
      try AtomicFile.write("#version: 0.2\na b\n", to: folder + "/merges.txt")
      let vocabulary = #"{"a":0,"b":1,"ab":2,"a</w>":3,"<|startoftext|>":4,"<|endoftext|>":5}"#
      try AtomicFile.write(vocabulary, to: folder + "/vocab.json")
      _ = try Tokenizer(folder: folder)
      try AtomicFile.write(text, to: folder + "/" + name)
      expectProblem(.badData, containing: problem) { try Tokenizer(folder: folder) }
    }
  }

  @Test(arguments: [
    (#"{"model": {"type": "Unigram", "vocab": {}, "merges": []}}"#, "not CLIP's tokenizer"),
    (#"{"model": {"vocab": {"a": 0}, "merges": ["a b c"]}}"#, "model.merges"),
    (#"{"model": {"vocab": {"a": 0}}}"#, "missing model.merges"),
    (#"{"version": "1.0"}"#, "missing model"),
  ])
  func anotherModelsTokenizerIsRefused(_ text: String, _ problem: String) throws {
    try withTemporaryFolder { folder in
      try write(["tokenizer.json": text], to: folder)
      expectProblem(.badData, containing: "tokenizer.json", problem) {
        try Tokenizer(folder: folder)
      }
    }
  }

  @Test func aFolderWithoutATokenizerIsSaid() throws {
    try withTemporaryFolder { folder in
      expectProblem(.missingInput, containing: folder, "no tokenizer") {
        try Tokenizer(folder: folder)
      }
      try write(["vocab.json": "{}"], to: folder)
      expectProblem(.missingInput, containing: "merges.txt") { try Tokenizer(folder: folder) }
    }
  }

  private func copyTrained(to folder: String) throws {
    for name in ["vocab.json", "merges.txt"] {
      let data = try Data(contentsOf: URL(fileURLWithPath: trained + "/" + name))
      try AtomicFile.write(data, to: folder + "/" + name)
    }
  }
}
