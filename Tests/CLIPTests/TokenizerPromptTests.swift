import Basics
import CLIP
import Foundation
import TestSupport
import Testing

/// Prompts and class names: what goes into the tokenizer.
@Suite struct TokenizerPromptTests {
  @Test func theBuiltInSetsAreComplete() {
    #expect(PromptSet.openAI80.templates.count == 80)
    #expect(Set(PromptSet.openAI80.templates).count == 80)
    #expect(PromptSet.openAI7.templates.count == 7)
    #expect(Set(PromptSet.openAI7.templates).isSubset(of: PromptSet.openAI80.templates))
    for set in [PromptSet.openAI80, .openAI7, .simple] {
      #expect(set.templates.allSatisfy { $0.contains("{}") })
    }
    #expect(PromptSet.simple.prompts(for: "golden retriever") == ["a photo of a golden retriever."])
  }

  @Test func theNameGoesIntoEveryGap() throws {
    let set = try PromptSet(templates: ["{} or {}?", "the {}."])
    #expect(set.prompts(for: "a{}b") == ["a{}b or a{}b?", "the a{}b."])
  }

  @Test func aFileHoldsOnePromptALine() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/prompts.txt"
      try AtomicFile.write("\u{FEFF}# mine\r\n\r\n  a {}. \r\n#{}\nthe café {}", to: path)
      #expect(try PromptSet(file: path).templates == ["a {}.", "the café {}"])
    }
  }

  @Test(arguments: [
    ("a {}\n\n# note\na photo\n", "prompts.txt:4: the prompt has no {}"),
    ("", "prompts.txt: no prompts"),
    ("# only\n", "prompts.txt: no prompts"),
  ])
  func aBadPromptFileIsSaid(_ text: String, _ problem: String) throws {
    try withTemporaryFolder { folder in
      try write(["prompts.txt": text], to: folder)
      expectProblem(.badData, containing: problem) { try PromptSet(file: folder + "/prompts.txt") }
    }
  }

  @Test func aLargeFileIsRefused() throws {
    try withTemporaryFolder { folder in
      try write(["prompts.txt": String(repeating: "a {}\n", count: 220_000)], to: folder)
      expectProblem(.badData, containing: "larger than 1048576 bytes") {
        try PromptSet(file: folder + "/prompts.txt")
      }
    }
  }

  @Test func aListOfTemplatesIsCheckedToo() {
    expectProblem(.badData, containing: "prompts:2") { try PromptSet(templates: ["{}", "x"]) }
    expectProblem(.badData, containing: "no prompts") { try PromptSet(templates: []) }
  }

  @Test func classNamesKeepTheirOrderAndMayRepeat() throws {
    let names = try ClassNames(file: Fixtures.path("tokenizer/imagenet-names.txt")).names
    #expect(names.count == 1000)
    #expect(names.first == "tench")
    #expect(names.last == "toilet paper")
    #expect(names.indices.filter { names[$0] == "missile" } == [657, 744])
  }

  @Test(arguments: [
    ("cat\n\ndog\n", "names.txt:2: a blank line where the name of class 1 belongs"),
    ("cat\ndog\n\n", "names.txt:3: a blank line"),
    (" \ncat", "names.txt:1: a blank line"),
    ("", "names.txt: no class names"),
  ])
  func aBlankClassNameIsAnError(_ text: String, _ problem: String) throws {
    try withTemporaryFolder { folder in
      try write(["names.txt": text], to: folder)
      expectProblem(.badData, containing: problem) { try ClassNames(file: folder + "/names.txt") }
    }
  }

  @Test func bytesThatAreNotTextAreSaid() throws {
    try withTemporaryFolder { folder in
      try AtomicFile.write(Data("cat\n".utf8) + [0xFF, 0x41], to: folder + "/names.txt")
      expectProblem(.badData, containing: "names.txt:2: not UTF-8") {
        try ClassNames(file: folder + "/names.txt")
      }
    }
  }

  @Test(arguments: ["/nowhere/names.txt", "/"])
  func aFileThatIsNotThereIsSaid(_ path: String) {
    expectProblem(.missingInput, containing: path) { try ClassNames(file: path) }
    expectProblem(.missingInput, containing: path) { try PromptSet(file: path) }
  }
}
