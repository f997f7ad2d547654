import Basics
import Foundation
import TestSupport
import Testing
import Torch

extension EndToEnd {
  /// `holdfast train`: the run folder, and the numbers of a plain PyTorch script.
  @Suite struct TrainTests {
    struct Case: Sendable, CustomTestStringConvertible {
      var name: String
      var method: String
      var own: [String] = []
      var tolerance = 1e-4
      var testDescription: String { name }
    }

    static let cases = [
      Case(name: "full", method: "full"),
      Case(name: "l1", method: "l1", own: ["--set", "l1.strength=1e-3"], tolerance: 1e-3),
      Case(name: "kd-features", method: "kd", own: ["--set", "kd={on: features, strength: 5}"]),
      Case(name: "linear-probe", method: "linear-probe"),
      Case(
        name: "lora", method: "lora",
        own: [
          "--set", "lora.rank=4", "--set", "lora.alpha=8", "--adapter",
          Fixtures.path("training/lora-start"),
        ]),
    ]

    @Test(arguments: cases, [[], ["--exact"]])
    func replaysPyTorch(_ example: Case, _ options: [String]) throws {
      try withTemporaryFolder { folder in
        let oracle = try JSONValue.parse(
          Fixtures.data("training/\(example.name).json"), source: example.name)
        let out = folder + "/run"
        var arguments = [
          "train", "--model", Tiny.model, "--data", Tiny.images, "--prompts", Tiny.prompts,
          "--method", example.method, "--order", "sequential", "--augment", "none", "--out", out,
          "--quiet",
        ]
        for (key, value) in (oracle["settings"]?.object ?? [:]).sorted(by: { $0.key < $1.key })
        where key != "method" {
          if key == "steps" || key == "batch-size" {
            arguments += ["--\(key)", value.text()]
          } else {
            arguments += ["--set", "\(key)=\(value.text())"]
          }
        }
        let outcome = try Program.run(arguments + example.own + options)
        #expect(outcome.status == 0, "\(outcome.errors)")

        let steps = try lines(out + "/metrics.jsonl").filter { $0["event"]?.string == "step" }
        let expected = (oracle["losses"]?.array ?? []).compactMap(\.double)
        #expect(expected.count == 20)
        expectClose(steps.compactMap { $0["loss"]?.double }, expected, relative: 1e-5)
        #expect(steps.compactMap { $0["step"]?.int } == Array(1...20))
        try expectWeights(of: example, in: "\(out)/checkpoints/\(example.method)-seed0")
      }
    }

    /// Compares a checkpoint with PyTorch's final weights, relative to the distance moved.
    private func expectWeights(of example: Case, in folder: String) throws {
      let expected = try SafetensorsFile(
        path: Fixtures.path("training/\(example.name).safetensors"))
      let start = try SafetensorsFile(path: Tiny.model + "/model.safetensors")
      let startHead = try SafetensorsFile(path: Fixtures.path("training/head.safetensors"))
      let model = try SafetensorsFile(path: folder + "/model.safetensors")
      let head = try SafetensorsFile(path: folder + "/head.safetensors")
      var error = 0.0
      var moved = 0.0
      var compared = 0
      for name in expected.names where !name.hasSuffix("k_proj.bias") {
        let short = name.replacingOccurrences(of: "classification_head.", with: "")
        let isHead = short != name
        let ours = isHead ? head : model
        // The factors of LoRA are in the checkpoint as what they add.
        guard ours[isHead ? short : name] != nil else { continue }
        let theirs = try expected.tensor(name).to(.float64)
        let value = try ours.tensor(isHead ? short : name).to(.float64)
        let before = try (isHead ? startHead : start).tensor(isHead ? short : name).to(.float64)
        error += try ((value - theirs) * (value - theirs)).sum().item()
        moved += try ((before - theirs) * (before - theirs)).sum().item()
        compared += 1
      }
      #expect(compared >= 2 && moved > 0)
      #expect((error / moved).squareRoot() <= example.tolerance)
    }

    @Test func theRunFolderHasWhatIsPromised() throws {
      try withTemporaryFolder { folder in
        let out = folder + "/run"
        let outcome = try Program.run(Tiny.train("l2", out: out, "--set", "l2.strength=1e-05"))
        #expect(outcome.status == 0 && outcome.errors == "")
        #expect(outcome.output.contains("l2") && outcome.output.contains("top1"))
        let names = try FileManager.default.contentsOfDirectory(atPath: out).sorted()
        #expect(
          names == [
            "checkpoints", "config.yaml", "environment.json", "metrics.jsonl", "report.html",
            "results.jsonl", "table.csv", "table.md", "tensorboard",
          ])
        let rows = try lines(out + "/results.jsonl")
        #expect(rows.count == 1)
        #expect(rows.first?["role"] == .string("id") && rows.first?["n"] == .integer(9))
        #expect(rows.first?["method"] == .string("l2") && rows.first?["seed"] == .integer(0))
        let configuration = String(decoding: bytes(out + "/config.yaml"), as: UTF8.self)
        #expect(configuration.contains("strength: 1.0e-05\n"))
        let environment = try JSONValue.parse(bytes(out + "/environment.json"), source: "")
        for key in ["holdfast", "swift", "libtorch", "device", "threads", "os", "date", "command"] {
          #expect(environment[key] != nil, "\(key)")
        }
        let checkpoint = out + "/checkpoints/l2-seed0"
        for name in ["config.json", "model.safetensors", "head.safetensors", "vocab.json"] {
          #expect(!bytes("\(checkpoint)/\(name)").isEmpty, "\(name)")
        }
        let head = try SafetensorsFile(path: checkpoint + "/head.safetensors")
        #expect(head["weight"]?.shape == [3, 24] && head["bias"]?.shape == [3])
        #expect(
          head.metadata["classes"] == JSONValue.array(Tiny.classes.map(JSONValue.string)).text())
        let saved = try lines(out + "/metrics.jsonl").compactMap { $0["path"]?.string }
        #expect(saved == [checkpoint])
      }
    }

    @Test func theSameSeedTwiceGivesTheSameBytes() throws {
      try withTemporaryFolder { folder in
        for (name, seed) in [("a", "3"), ("b", "3"), ("c", "4")] {
          let outcome = try Program.run(
            Tiny.train("full", out: "\(folder)/\(name)", "--seed", seed, "--threads", "1"))
          #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let first = bytes(folder + "/a/results.jsonl")
        #expect(!first.isEmpty && first == bytes(folder + "/b/results.jsonl"))
        #expect(first != bytes(folder + "/c/results.jsonl"))
        let weights = "checkpoints/full-seed3/model.safetensors"
        #expect(bytes("\(folder)/a/\(weights)") == bytes("\(folder)/b/\(weights)"))
      }
    }

    @Test func dataWithoutSplitsIsNotScored() throws {
      try withTemporaryFolder { folder in
        let arguments = Tiny.train("full", out: folder + "/run").map {
          $0 == Tiny.images ? Tiny.images + "/train" : $0
        }
        let outcome = try Program.run(arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try lines(folder + "/run/results.jsonl").isEmpty)
        #expect(!bytes(folder + "/run/checkpoints/full-seed0/model.safetensors").isEmpty)
      }
    }

    @Test func adaptersOfLoRAAreSavedAndReadBack() throws {
      try withTemporaryFolder { folder in
        let first = try Program.run(Tiny.train("lora", out: folder + "/a"))
        #expect(first.status == 0, "\(first.errors)")
        let adapter = folder + "/a/checkpoints/lora-seed0/adapter"
        #expect(!bytes(adapter + "/adapter_model.safetensors").isEmpty)
        let second = try Program.run(
          Tiny.train("lora", out: folder + "/b", "--adapter", adapter, "--set", "steps=0"))
        #expect(second.status == 0, "\(second.errors)")
      }
    }
  }
}
