import Basics
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Help, versions, reports, data, and what is said while a command works.
  @Suite struct TalkTests {
    static let verbs = [
      "demo", "compare", "report", "pretrain", "train", "evaluate", "sweep", "drift", "merge",
      "embed",
      "predict", "convert", "data", "doctor",
    ]

    @Test func helpNamesEveryVerb() throws {
      let outcome = try Program.run(["--help"])
      #expect(outcome.status == 0 && outcome.errors == "")
      for verb in Self.verbs { #expect(outcome.output.contains("\n  \(verb) "), "\(verb)") }
    }

    @Test(arguments: verbs.filter { $0 != "data" } + ["data inspect", "data check"])
    func everyVerbShowsAnExample(_ verb: String) throws {
      let outcome = try Program.run(verb.split(separator: " ").map(String.init) + ["--help"])
      #expect(outcome.status == 0 && outcome.errors == "")
      #expect(outcome.output.contains("Example: holdfast \(verb)"))
    }

    @Test func versionIsANumber() throws {
      let outcome = try Program.run(["--version"])
      #expect(outcome.status == 0)
      #expect(outcome.output.contains(/^[0-9]+\.[0-9]+\.[0-9]+\n$/))
    }

    @Test func talkGoesToStderr() throws {
      let arguments = [
        "evaluate", "--model", Tiny.model, "--data", Tiny.images, "--prompts", Tiny.prompts,
        "--format", "json",
      ]
      let plain = try Program.run(arguments)
      #expect(try plain.json().array?.count == 1)
      #expect(plain.errors.contains("Scoring images: 9 images"))
      #expect(!plain.errors.contains("\u{1B}"))
      let verbose = try Program.run(arguments + ["--verbose"])
      #expect(verbose.output == plain.output)
      #expect(verbose.errors.contains("debug"))
    }

    @Test func onATerminalThereIsOneProgressLine() throws {
      try withTemporaryFolder { folder in
        let command = Tiny.train("full", out: folder + "/run").filter { $0 != "--quiet" }
        for (setting, isDrawn) in [("TERM=xterm", true), ("TERM=dumb", false)] {
          // `script` gives the program a terminal.
          let outcome = try Program.shell(
            "env -u NO_COLOR \(setting) script -qec \"$HOLDFAST \(command.joined(separator: " "))\" "
              + "/dev/null", in: folder)
          #expect(outcome.status == 0)
          #expect(outcome.output.contains("\r\u{1B}[2K") == isDrawn)
          #expect(outcome.output.contains("full, seed 0:") == isDrawn)
          #expect(outcome.output.contains("Training full, seed 0"))
        }
      }
    }

    @Test func dataIsInspectedAndChecked() throws {
      let outcome = try succeed(
        "data", "inspect", Tiny.images, "--samples", "2", "--format", "json")
      let value = try outcome.json()
      #expect(value["kind"] == .string("folder") && value["split"] == .string("train"))
      #expect(value["images"] == .integer(26) && value["classes"] == .integer(3))
      #expect(value["samples"]?.array?.first?["path"] == .string("train/maple_leaf/00.png"))
      #expect(value["samples"]?.array?.count == 2)
      let test = try succeed("data", "inspect", Tiny.images + "#test", "--format", "json")
      #expect(try test.json()["images"] == .integer(9))
      #expect(try Program.run(["data", "check", Tiny.images]).errors == "All 35 images decode.\n")
    }

    @Test func reportsAreRebuilt() throws {
      try withTemporaryFolder { folder in
        for method in ["full", "linear-probe"] {
          #expect(try Program.run(Tiny.train(method, out: "\(folder)/\(method)")).status == 0)
        }
        let page = folder + "/full/report.html"
        let before = bytes(page)
        try FileManager.default.removeItem(atPath: page)
        _ = try succeed("report", folder + "/full")
        #expect(bytes(page) == before)
        let both = try succeed(
          "report", folder + "/full", folder + "/linear-probe", "--out", folder + "/both")
        #expect(both.output.contains("Linear probe") && both.output.contains("Full fine-tuning"))
        #expect(try lines(folder + "/both/results.jsonl").count == 2)
        try fail(
          .missingInput, containing: "results.jsonl",
          arguments: ["report", folder, "--quiet"])
      }
    }

    @Test func theDoctorLooksAtEverything() throws {
      let outcome = try Program.run(["doctor", "--format", "json"])
      let rows = try outcome.json().array ?? []
      let wrong = rows.filter { $0["state"] != .string("ok") }
      #expect((outcome.status == 0) == wrong.isEmpty)
      for name in ["libtorch", "devices", "threads", "libctorch", "operators", "image codecs"] {
        let row = rows.first { $0["check"] == .string(name) }
        #expect(row?["state"] == .string("ok"), "\(name)")
      }
      let codecs = rows.first { $0["check"] == .string("image codecs") }?["finding"]?.string ?? ""
      #expect(["libdeflate", "zlib"].contains { codecs.contains("PNG through \($0)") })
      let unwritable = try Program.run(
        ["doctor"], environment: ["HOLDFAST_CACHE": "/dev/null/cache"])
      #expect(unwritable.status == 73 && unwritable.errors.contains("/dev/null/cache"))
    }
  }
}
