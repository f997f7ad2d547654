import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

extension EndToEnd {
  /// What every command says of a model's files: notes, and what speaks against combining two.
  @Suite struct NotesTests {
    private static let soup = Fixtures.path("checkpoints/soup")

    /// A soup of the fixture's size with a head of some rows, and no names for them.
    private func soup(rows: Int, in folder: String) throws -> String {
      let file = try TorchFile(path: "\(Self.soup)/model_0.pt")
      let path = "\(folder)/soup\(rows).safetensors"
      var tensors: [(name: String, tensor: Tensor)] = []
      for name in file.names where !name.hasPrefix("classification_head.") {
        tensors.append((name, try file.tensor(name)))
      }
      tensors += [
        ("classification_head.weight", try .random(rows, 12, key: 1)),
        ("classification_head.bias", try .random(rows, key: 2)),
      ]
      try SafetensorsFile.write(tensors, to: path)
      try AtomicFile.write(
        Fixtures.data("checkpoints/soup/open_clip_config.json"),
        to: "\(folder)/open_clip_config.json")
      return path
    }

    private func count(_ text: String, in outcome: Program.Outcome) -> Int {
      outcome.errorLines.count { $0.contains(text) }
    }

    @Test func everyVerbThatReadsAModelSaysItsNotesOnce() throws {
      let note = "note: \(Self.soup): The file has no text transformer"
      let image = Fixtures.path("images/base.png")
      try withTemporaryFolder { folder in
        let head = try ClassificationHead(
          weight: .random(3, 12, key: 1), bias: .random(3, key: 2), classes: Tiny.classes)
        try head.write("\(folder)/head.safetensors")
        for arguments in [
          ["evaluate", "--model", Self.soup, "--data", Tiny.images],
          ["predict", "--model", Self.soup, image],
          ["embed", "--model", Self.soup, "--images", image, "--out", "\(folder)/f"],
          ["convert", "--model", Self.soup, "--layout", "hf", "--out", "\(folder)/hf"],
          [
            "merge", "--from", Self.soup, "--to", Self.soup, "--alpha", "0.5", "--out",
            "\(folder)/merged",
          ],
          [
            "sweep", "--from", Self.soup, "--to", Self.soup, "--alpha", "0.5", "--data",
            Tiny.images,
          ],
          [
            "train", "--model", Self.soup, "--data", Tiny.images, "--method", "full", "--steps",
            "1", "--head", "\(folder)/head.safetensors", "--out", "\(folder)/run",
          ],
        ] {
          let outcome = try Program.run(arguments)
          #expect(outcome.status == 0 && count(note, in: outcome) == 1, "\(outcome.errors)")
          let quiet = try Program.run(arguments + ["--quiet"])
          #expect(count("note:", in: quiet) == 0)
        }
        let events = try lines("\(folder)/run/metrics.jsonl")
        #expect(events.contains { $0["event"] == .string("note") })
      }
    }

    @Test func aThousandRowsOfASoupAreImageNets() throws {
      try withTemporaryFolder { folder in
        let whole = try soup(rows: 1000, in: folder)
        let arguments = ["predict", "--model", whole, Fixtures.path("images/base.png")]
        let outcome = try Program.run(arguments + ["--format", "json", "--logits"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
          count("taken for ImageNet-1k's, in the order of their WordNet ids", in: outcome) == 1)
        let classes = try outcome.json().array?.first?["classes"]?.array ?? []
        #expect(classes.count == 1000 && classes[0] == .string("tench"))
        #expect(
          classes[134] == .string("crane bird") && classes[517] == .string("construction crane"))
        // A list beside the file is what counts, where there is one.
        try AtomicFile.write(
          (0..<1000).map { "class \($0)" }.joined(separator: "\n") + "\n",
          to: "\(folder)/classes.txt")
        let named = try Program.run(arguments + ["--format", "json"])
        #expect(named.output.contains("class ") && count("ImageNet-1k", in: named) == 0)
      }
      // Other numbers of rows stand for nothing that is known.
      try withTemporaryFolder { folder in
        let part = try soup(rows: 999, in: folder)
        try fail(
          .usage, containing: "its classes must be named",
          arguments: ["predict", "--model", part, "--quiet", Fixtures.path("images/base.png")])
      }
    }

    // MARK: - Heads of different origin

    /// The lines that warn of heads.
    private func warnings(_ arguments: [String]) throws -> [Substring] {
      let outcome = try Program.run(arguments)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return outcome.errorLines.filter { $0.contains("did not surely start at one place") }
    }

    @Test func headsOfDifferentOriginAreWarnedOf() throws {
      try withTemporaryFolder { folder in
        // Training says where its head started, and that is where another zero-shot head starts.
        let tuned = try EvaluateTests.tuned(in: folder)
        let file = "\(tuned)/head.safetensors"
        #expect(try SafetensorsFile(path: file).metadata["origin"] == "zero-shot")
        let ends = [
          "--from", Tiny.model, "--to", tuned, "--alpha", "0.5", "--prompts", Tiny.prompts,
        ]
        #expect(try warnings(["merge", "--out", "\(folder)/half"] + ends) == [])
        let half = try SafetensorsFile(path: "\(folder)/half/head.safetensors")
        #expect(half.metadata["origin"] == "zero-shot")
        let sweep = ["sweep", "--data", Tiny.images] + ends
        #expect(try warnings(sweep) == [])

        // The same model with a head that somebody drew at random, and does not say so.
        var head = try ClassificationHead.read(file)
        head.weight = try .random(3, 24, key: 5)
        head.origin = nil
        try head.write(file)
        let found = try warnings(["merge", "--out", "\(folder)/bad"] + ends)
        #expect(found.count == 1 && found[0].contains("(zero-shot and unknown)"))
        #expect(found[0].contains("the mean cosine of their rows is "))
        #expect(
          try SafetensorsFile(path: "\(folder)/bad/head.safetensors").metadata["origin"] == nil)
        #expect(try warnings(sweep).count == 1)
        let soup = ["merge", "--soup", "uniform", "--out", "\(folder)/soup", "--model"]
        #expect(try warnings(soup + [Tiny.model, tuned, "--prompts", Tiny.prompts]).count == 1)

        // Two that do not say so: the numbers decide.
        #expect(try warnings(soup + [tuned, tuned]) == [])
        try FileManager.default.copyItem(atPath: tuned, toPath: "\(folder)/other")
        head.weight = try .random(3, 24, key: 6)
        try head.write("\(folder)/other/head.safetensors")
        let unlike = try warnings(soup + [tuned, "\(folder)/other"])
        #expect(unlike.count == 1 && unlike[0].contains("(unknown and unknown)"))
        head.origin = "linear-probe"
        try head.write("\(folder)/other/head.safetensors")
        #expect(try warnings(soup + [tuned, "\(folder)/other"]).count == 1)
      }
    }

    @Test func headsForOtherClassesAreRefusedByTheFirstThatDiffers() throws {
      try withTemporaryFolder { folder in
        let tuned = try EvaluateTests.tuned(in: folder)
        try FileManager.default.copyItem(atPath: tuned, toPath: "\(folder)/other")
        var head = try ClassificationHead.read("\(tuned)/head.safetensors")
        head.classes = ["maple leaf", "red kite", "owl"]
        try head.write("\(folder)/other/head.safetensors")
        let ends = ["--from", tuned, "--to", "\(folder)/other"]
        for arguments in [
          ["merge", "--alpha", "0.5", "--out", "\(folder)/x", "--quiet"] + ends,
          ["sweep", "--data", Tiny.images, "--no-check", "--quiet"] + ends,
        ] {
          try fail(
            .badData, containing: "(class 1 is 'owl' and 'red kite')", arguments: arguments)
        }
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/x"))
      }
    }
  }
}
