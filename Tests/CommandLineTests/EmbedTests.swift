import Basics
import Foundation
import TestSupport
import Testing
import Torch

extension EndToEnd {
  /// `embed` and `predict`.
  @Suite struct EmbedTests {
    @Test func rowsFollowTheInputs() throws {
      try withTemporaryFolder { folder in
        let texts = folder + "/texts.txt"
        try AtomicFile.write("a photo of an owl\n\nA Red Kite\n", to: texts)
        let single = Tiny.images + "/train/red_kite/03.png"
        let out = folder + "/f.safetensors"
        _ = try succeed(
          "embed", "--model", Tiny.model, "--images", Tiny.images + "/test", single, "--texts",
          texts, "--out", out)
        let file = try SafetensorsFile(path: out)
        #expect(file["images"]?.shape == [10, 24])
        #expect(file["texts"]?.shape == [3, 24])
        let listed = try JSONValue.parse(
          Data((file.metadata["images"] ?? "").utf8), source: "images")
        let paths = (listed.array ?? []).compactMap(\.string)
        #expect(paths.count == 10 && paths.last == single)
        #expect(paths.dropLast() == paths.dropLast().sorted()[...])
        #expect(paths.first?.hasSuffix("test/maple_leaf/00.png") ?? false)
        let lengths = try file.tensor("images").norm().elements(as: Float.self)
        #expect(lengths.contains { abs($0 - 1) > 0.01 }, "features are not normalised")
        // One at a time gives the same rows.
        let alone = folder + "/one.safetensors"
        _ = try succeed(
          "embed", "--model", Tiny.model, "--images", single, "--out", alone, "--batch-size", "1")
        let one = try SafetensorsFile(path: alone)
        #expect(one["texts"] == nil)
        expectClose(
          try one.tensor("images").elements(as: Float.self),
          Array(try file.tensor("images").elements(as: Float.self).suffix(24)), relative: 1e-5,
          absolute: 1e-6)
      }
    }

    @Test func textsAreThoseOfTransformers() throws {
      let golden = try SafetensorsFile(
        path: Fixtures.path("towers/tiny-quickgelu.outputs.safetensors"))
      let cases = try JSONValue.parse(
        Fixtures.data("towers/tiny-quickgelu.json"), source: "tiny-quickgelu.json")
      let texts = try #require(cases["texts"]?.array).compactMap(\.string)
      try withTemporaryFolder { folder in
        try AtomicFile.write(texts.joined(separator: "\n") + "\n", to: folder + "/texts.txt")
        _ = try succeed(
          "embed", "--model", Tiny.model, "--texts", folder + "/texts.txt", "--out",
          folder + "/f.safetensors")
        let ours = try SafetensorsFile(path: folder + "/f.safetensors").tensor("texts")
        expectClose(
          try ours.elements(as: Float.self),
          try golden.tensor("text_embeds_raw").elements(as: Float.self), relative: 1e-4,
          absolute: 1e-5)
      }
    }

    @Test func tooLongTextsAreCutWithAWarning() throws {
      try withTemporaryFolder { folder in
        let words = Array(repeating: "owl", count: 40).joined(separator: " ")
        try AtomicFile.write("owl\n\(words)\n", to: folder + "/texts.txt")
        let outcome = try Program.run([
          "embed", "--model", Tiny.model, "--texts", folder + "/texts.txt", "--out",
          folder + "/f.safetensors",
        ])
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("warning: 1 texts") && outcome.errors.contains("line 2"))
      }
    }

    @Test func probabilitiesAreTheSoftmaxOfLogits() throws {
      try withTemporaryFolder { folder in
        let classes = folder + "/classes.txt"
        try AtomicFile.write("owl\nred kite\nmaple leaf\n", to: classes)
        let image = Tiny.images + "/test/owl/00.png"
        let shared = [
          "predict", "--model", Tiny.model, "--classes", classes, "--prompts", Tiny.prompts, image,
          "--quiet", "--format",
        ]
        let raw = try Program.run(shared + ["json", "--logits"]).json().array?.first
        let logits = (raw?["logits"]?.array ?? []).compactMap(\.double)
        #expect(raw?["image"] == .string(image) && logits.count == 3)
        let named = (raw?["classes"]?.array ?? []).compactMap(\.string)
        #expect(named == ["owl", "red kite", "maple leaf"])
        let top = try Program.run(shared + ["json", "--top", "2"]).json().array?.first
        let answers = top?["predictions"]?.array ?? []
        #expect(answers.count == 2)
        let sum = logits.reduce(0) { $0 + exp($1) }
        for (answer, logit) in zip(answers, logits.sorted(by: >)) {
          let index = answer["index"]?.int ?? -1
          #expect(answer["class"]?.string == named[index] && logits[index] == logit)
          expectClose(answer["probability"]?.double ?? 0, exp(logit) / sum, relative: 1e-5)
        }
        let csv = try Program.run(shared + ["csv"]).output.split(whereSeparator: \.isNewline)
        #expect(csv.first == "image,rank,class,index,probability" && csv.count == 4)
      }
    }

    @Test func aModelWithAHeadKnowsItsClasses() throws {
      try withTemporaryFolder { folder in
        let outcome = try Program.run(Tiny.train("linear-probe", out: folder + "/run"))
        #expect(outcome.status == 0, "\(outcome.errors)")
        let model = folder + "/run/checkpoints/linear-probe-seed0"
        let said = try succeed(
          "predict", "--model", model, Tiny.images + "/test", "--format", "json", "--top", "1")
        #expect(try said.json().array?.count == 9)
        let classes = folder + "/classes.txt"
        try AtomicFile.write("a\nb\n", to: classes)
        try fail(
          .badData, containing: "3 classes",
          arguments: [
            "predict", "--model", model, "--classes", classes, Tiny.images + "/test", "--quiet",
          ])
        try fail(
          .usage, containing: "--classes",
          arguments: ["predict", "--model", Tiny.model, Tiny.images + "/test", "--quiet"])
      }
    }
  }
}
