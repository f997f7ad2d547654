import Basics
import Foundation
import Reporting
import TestSupport
import Testing

@Suite struct RunFolderTests {
  @Test func writtenResultsComeBack() throws {
    try withTemporaryFolder { folder in
      try ReportWriter(title: "t", measurements: SampleComparison.full).write(to: folder)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(names == ["report.html", "results.jsonl", "table.csv", "table.md"])
      let back = try RunFolder.measurements(inFolder: folder)
      #expect(back.count == SampleComparison.full.count)
      #expect(Set(back.map(\.value)) == Set(SampleComparison.full.map(\.value)))
      // Rebuilding from what was read gives the same files.
      #expect(
        ReportWriter.jsonLines(back) == ReportWriter.jsonLines(SampleComparison.full))
      #expect(
        ReportWriter(title: "t", measurements: back).markdown
          == ReportWriter(title: "t", measurements: SampleComparison.full).markdown)
    }
  }

  @Test func theOrderOfFinishingDoesNotChangeTheFile() {
    let byMethod = Dictionary(grouping: SampleComparison.small) { "\($0.method) \($0.seed)" }
    let shuffled = byMethod.sorted { $0.key > $1.key }.flatMap(\.value)
    #expect(shuffled != SampleComparison.small)
    #expect(ReportWriter.jsonLines(shuffled) == ReportWriter.jsonLines(SampleComparison.small))
  }

  @Test func oneLineOfResults() {
    var row = SampleComparison.row(
      "wise-ft", ["alpha": .number(0.5)], set: "minidomains/sketch", role: .outOfDistribution,
      value: 0.6315, n: 1200)
    row.ci95 = [0.604, 0.658]
    #expect(
      String(decoding: ReportWriter.jsonLines([row]), as: UTF8.self)
        == #"{"ci95":[0.604,0.658],"method":"wise-ft","metric":"top1","n":1200,"#
        + #""recipe":"sha256:1","role":"ood","seed":0,"selected_on":null,"#
        + #""set":"minidomains/sketch","setting":{"alpha":0.5},"value":0.6315,"#
        + #""weights":"sha256:wise-ft-0"}"# + "\n")
  }

  @Test func aValueThatIsNoNumberComesBack() throws {
    try withTemporaryFolder { folder in
      let row = SampleComparison.row("full", set: "a", role: .inDistribution, value: .nan)
      try AtomicFile.write(ReportWriter.jsonLines([row]), to: folder + "/results.jsonl")
      #expect(try RunFolder.measurements(inFolder: folder).first?.value.isNaN == true)
    }
  }

  private static let line =
    #"{"method":"full","setting":{},"seed":0,"set":"a","role":"id","metric":"top1","value":0.5,"#
    + #""n":10,"ci95":[0.2,0.8],"recipe":"r","weights":"w"}"#

  static let broken: [(String, String)] = [
    ("{", "not a JSON object"), ("[]", "not a JSON object"), ("\u{0}\u{1}", "not a JSON object"),
    (line.replacing(#""method":"full","#, with: ""), #""method" is missing"#),
    (line.replacing("0.5", with: #""high""#), #""value" has a value"#),
    (line.replacing(#""id""#, with: #""OOD""#), #""role" has a value"#),
    (line.replacing(#""n":10"#, with: #""n":1e40"#), "numbers in range"),
    (line.replacing("0.5", with: "null"), #""value" has"#),
    (String(line.dropLast(20)), "not a JSON object"),
    (String(repeating: "[", count: 100_000), "not a JSON object"),
  ]

  @Test(arguments: broken)
  func aBrokenLineIsNamed(text: String, problem: String) throws {
    try withTemporaryFolder { folder in
      try AtomicFile.write(
        "\(Self.line)\r\n\n\(text)\n", to: folder + "/results.jsonl")
      expectProblem(.badData, containing: "results.jsonl line 3", problem) {
        try RunFolder.measurements(inFolder: folder)
      }
    }
  }

  @Test func aWholeNumberIsTheSameHoweverItIsWritten() {
    let rows = [JSONValue.number(1), .integer(1)].enumerated().map { seed, alpha in
      SampleComparison.row(
        "wise-ft", ["alpha": alpha], seed: seed, set: "a", role: .inDistribution, value: 0.5)
    }
    #expect(Summary(rows).variants.count == 1)
    #expect(RunFolder.merged([("a", [rows[0]]), ("b", [rows[0]])]).count == 1)
  }

  @Test func aMissingFileAndAnEmptyOne() throws {
    try withTemporaryFolder { folder in
      expectProblem(.missingInput, containing: "results.jsonl") {
        try RunFolder.measurements(inFolder: folder)
      }
      try AtomicFile.write("\n", to: folder + "/results.jsonl")
      #expect(try RunFolder.measurements(inFolder: folder).isEmpty)
    }
  }

  @Test func theSizeHasALimit() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/results.jsonl"
      try AtomicFile.write("", to: path)
      let handle = try #require(FileHandle(forWritingAtPath: path))
      try handle.truncate(atOffset: UInt64(RunFolder.sizeLimit) + 1)
      try handle.close()
      expectProblem(.badData, containing: "larger than 256 MiB") {
        try RunFolder.measurements(inFolder: folder)
      }
    }
  }

  @Test func runsThatAgreeBecomeOne() {
    let rows = SampleComparison.small
    let zero = rows.filter { $0.method == "zero-shot" }
    let merged = RunFolder.merged([("a", rows), ("b", zero)])
    #expect(merged == rows)
  }

  @Test func runsThatDifferAreShownSideBySide() {
    let other = SampleComparison.small.map { row in
      var row = row
      if row.method != "zero-shot" { row.value -= 0.01 }
      return row
    }
    let merged = RunFolder.merged([("a", SampleComparison.small), ("b", other)])
    let summary = Summary(merged)
    #expect(
      summary.mainTable.rows.map { $0[0].text } == [
        "Zero-shot †", "Full fine-tuning [a]", "Full fine-tuning [b]", "WiSE-FT α = 0.5 [a]",
        "WiSE-FT α = 0.5 [b]",
      ])
    // Each interpolation is compared with the fine-tuning of its own run.
    let gains = summary.gainTable(over: "full")?.rows.filter { $0[0].text.hasPrefix("WiSE") }
    #expect(gains?.map { $0[2].text } == ["+14.8 ± 0.7", "+14.8 ± 0.7"])
  }

  @Test func configurationAndEnvironmentAreOptional() throws {
    try withTemporaryFolder { folder in
      #expect(try RunFolder.configuration(inFolder: folder) == "")
      #expect(try RunFolder.environment(inFolder: folder).isEmpty)
      try AtomicFile.write("seeds: 3\n", to: folder + "/config.yaml")
      try AtomicFile.write(
        #"{"threads": 2, "libtorch": "2.13.0"}"#, to: folder + "/environment.json")
      #expect(try RunFolder.configuration(inFolder: folder) == "seeds: 3\n")
      let environment = try RunFolder.environment(inFolder: folder)
      #expect(environment.map(\.0) == ["libtorch", "threads"])
      #expect(environment.map(\.1) == ["2.13.0", "2"])
      try AtomicFile.write("[]", to: folder + "/environment.json")
      expectProblem(.badData, containing: "environment.json") {
        try RunFolder.environment(inFolder: folder)
      }
    }
  }
}
