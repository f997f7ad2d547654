import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

extension EndToEnd {
  /// `merge`: points of a line, soups and stocks are models like any other.
  @Suite struct MergeTests {
    @Test func mergeGivesBackItsEndsBitForBit() throws {
      try withTemporaryFolder { folder in
        let tuned = try EvaluateTests.tuned(in: folder)
        for (alpha, source) in [("0", Tiny.model), ("1", tuned)] {
          let out = folder + "/merged\(alpha)"
          _ = try succeed(
            "merge", "--from", Tiny.model, "--to", tuned, "--alpha", alpha, "--prompts",
            Tiny.prompts, "--out", out)
          let ours = try SafetensorsFile(path: out + "/model.safetensors")
          let theirs = try SafetensorsFile(path: source + "/model.safetensors")
          #expect(Set(ours.names) == Set(theirs.names.filter { !$0.hasSuffix("position_ids") }))
          for name in ours.names {
            let (a, b) = try (ours.tensor(name), theirs.tensor(name))
            #expect(try a.elements(as: Float.self) == b.elements(as: Float.self), "\(name)")
          }
        }
        #expect(bytes(folder + "/merged1/head.safetensors") == bytes(tuned + "/head.safetensors"))
        let first = try EvaluateTests.evaluate([folder + "/merged0"]).first
        #expect(try EvaluateTests.evaluate([Tiny.model]).first?["weights"] == first?["weights"])
      }
    }

    @Test(arguments: CheckpointLayout.allCases)
    func aMixIsANormalModelOfEitherLayout(_ layout: CheckpointLayout) throws {
      try withTemporaryFolder { folder in
        let tuned = try EvaluateTests.tuned(in: folder)
        let merge = [
          "merge", "--from", Tiny.model, "--to", tuned, "--alpha", "0.3", "--prompts", Tiny.prompts,
          "--quiet", "--out",
        ]
        let outcome = try Program.run(
          merge + ["\(folder)/mix", "--layout", layout.rawValue])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(bytes("\(folder)/mix/\(layout.configurationFile)") != Data())
        let plain = try Program.run(merge + ["\(folder)/plain"])
        #expect(plain.status == 0)
        let (mix, other) = try (
          Checkpoint.read("\(folder)/mix"), Checkpoint.read("\(folder)/plain")
        )
        #expect(try mix.differences(from: other) == [])
      }
    }

    @Test func outsideTheLineThereIsAWarning() throws {
      try withTemporaryFolder { folder in
        let outcome = try Program.run([
          "merge", "--from", Tiny.model, "--to", Tiny.model, "--alpha", "1.5", "--out",
          folder + "/far",
        ])
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("warning: α = 1.5"))
      }
    }

    @Test func aSoupIsTheMean() throws {
      try withTemporaryFolder { folder in
        let tuned = try EvaluateTests.tuned(in: folder)
        _ = try succeed(
          "merge", "--soup", "uniform", "--model", tuned, tuned, "--out", folder + "/same")
        #expect(
          bytes(folder + "/same/head.safetensors") == bytes(tuned + "/head.safetensors"))
        _ = try succeed(
          "merge", "--soup", "uniform", "--model", Tiny.model, tuned, "--prompts", Tiny.prompts,
          "--out", folder + "/soup")
        _ = try succeed(
          "merge", "--from", Tiny.model, "--to", tuned, "--alpha", "0.5", "--prompts",
          Tiny.prompts, "--out", folder + "/half")
        let soup = try SafetensorsFile(path: folder + "/soup/model.safetensors")
        let half = try SafetensorsFile(path: folder + "/half/model.safetensors")
        let name = "visual_projection.weight"
        expectClose(
          try soup.tensor(name).elements(as: Float.self),
          try half.tensor(name).elements(as: Float.self), relative: 1e-6, absolute: 1e-8)
      }
    }

    /// Three models: the start, one a little trained, one ruined.
    private func ingredients(in folder: String) throws -> [String] {
      let tuned = try EvaluateTests.tuned(in: folder)
      let ruined = try Program.run(
        Tiny.train("full", out: folder + "/ruined", "--set", "lr=1", "--set", "steps=6"))
      #expect(ruined.status == 0, "\(ruined.errors)")
      return [folder + "/ruined/checkpoints/full-seed0", tuned]
    }

    @Test func aGreedySoupTakesWhatHelps() throws {
      try withTemporaryFolder { folder in
        let models = try ingredients(in: folder)
        let data = Tiny.images + "#train"
        let outcome = try Program.run(
          ["merge", "--soup", "greedy", "--model"] + models
            + ["--data", data, "--out", folder + "/soup"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output == "" && outcome.errors.contains("soup of "))
        func score(_ model: String) throws -> Double {
          let result = try Program.run(
            ["evaluate", "--model", model, "--data", data, "--format", "json", "--quiet"])
          return try #require(result.json().array?.first?["value"]?.double)
        }
        let alone = try models.map(score)
        let soup = try score(folder + "/soup")
        #expect(alone[0] < alone[1] && soup >= alone[1])
        let file = try SafetensorsFile(path: folder + "/soup/model.safetensors")
        #expect(file.metadata["method"] == "greedy-soup")
        expectClose(
          try #require(Double(file.metadata["score"] ?? "")), soup, relative: 1e-12)
        // The best by itself comes first.
        let members = try JSONValue.parse(
          Data((file.metadata["members"] ?? "").utf8), source: "members"
        ).array
        #expect(members?.first == .string(models[1]))
        if members?.count == 1 {
          #expect(
            bytes(folder + "/soup/head.safetensors") == bytes(models[1] + "/head.safetensors"))
        }
      }
    }

    @Test func aGreedySoupOfModelsWithoutHeads() throws {
      try withTemporaryFolder { folder in
        let tuned = try EvaluateTests.tuned(in: folder)
        try FileManager.default.removeItem(atPath: tuned + "/head.safetensors")
        _ = try succeed(
          "merge", "--soup", "greedy", "--model", Tiny.model, tuned, "--data", Tiny.images,
          Tiny.images + "#train", "--prompts", Tiny.prompts, "--out", folder + "/soup")
        #expect(!FileManager.default.fileExists(atPath: folder + "/soup/head.safetensors"))
        let file = try SafetensorsFile(path: folder + "/soup/model.safetensors")
        let values = try EvaluateTests.evaluate([folder + "/soup"])
          .compactMap { $0["value"]?.double }
        expectClose(
          try #require(Double(file.metadata["score"] ?? "")), values.reduce(0, +) / 2,
          relative: 1e-12)
      }
    }

    @Test func aStockLiesBetweenReferenceAndMean() throws {
      try withTemporaryFolder { folder in
        let tuned = try EvaluateTests.tuned(in: folder)
        let outcome = try Program.run(
          Tiny.train("full", out: folder + "/other", "--seed", "1", "--set", "lr=1e-2"))
        #expect(outcome.status == 0, "\(outcome.errors)")
        let other = folder + "/other/checkpoints/full-seed1"
        let arguments = [
          "merge", "--stock", "--from", Tiny.model, "--model", tuned, other, "--prompts",
          Tiny.prompts, "--out", folder + "/stock",
        ]
        let said = try Program.run(arguments)
        #expect(said.status == 0 && said.errors.contains("From the reference (0)"))
        let expected = try Weights.stock(
          reference: Checkpoint.read(Tiny.model).weights,
          tuned: [Checkpoint.read(tuned).weights, Checkpoint.read(other).weights])
        let stock = try Checkpoint.read(folder + "/stock")
        #expect(
          try stock.weights.buffer.elements(as: Float.self)
            == expected.weights.buffer.elements(as: Float.self))
        #expect(expected.shares.contains { $0.share > 0.05 && $0.share < 0.95 })
        #expect(try EvaluateTests.evaluate([folder + "/stock"]).count == 2)
        #expect(stock.head?.classes == Tiny.classes)
      }
    }

    @Test(
      arguments: [
        (["--soup", "greedy", "--model", "a", "b"], "without --data"),
        (["--soup", "thick", "--model", "a", "b"], "no soup thick"),
        (["--soup", "uniform", "--model", "a"], "soup of one model"),
        (["--soup", "uniform", "--model", "a", "b", "--data", "d"], "--data without"),
        (["--soup", "uniform", "--model", "a", "b", "--alpha", "1"], "--soup and --alpha"),
        (["--soup", "uniform", "--stock", "--model", "a", "b"], "--soup and --stock"),
        (["--stock", "--model", "a", "b"], "--stock takes --from"),
        (["--stock", "--from", "a", "--model", "b"], "two or more"),
        (["--stock", "--from", "a", "--model", "b", "c", "--alpha", "1"], "--stock and --alpha"),
        (["--from", "a", "--alpha", "0.5"], "belong together"),
        (["--from", "a", "--to", "b", "--alpha", "nan"], "--alpha is nan"),
        (["--from", "a", "--to", "b", "--alpha", "0.5", "--data", "d"], "--data without"),
      ])
    func wrongCombinationsAreUsage(_ arguments: [String], _ words: String) throws {
      try fail(.usage, containing: words, arguments: ["merge", "--out", "/nowhere"] + arguments)
    }
  }
}
