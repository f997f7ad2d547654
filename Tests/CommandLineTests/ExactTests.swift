import Basics
import Foundation
import TestSupport
import Testing
import Torch

extension EndToEnd {
  /// `--exact`: another way to the same numbers.
  @Suite struct ExactTests {
    /// The losses of a run and what it wrote of its settings.
    private func losses(
      _ folder: String, _ method: String, _ more: [String]
    ) throws -> [Double] {
      let outcome = try Program.run(
        Tiny.train(method, out: folder, "--threads", "1", "--set", "steps=8") + more)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try lines(folder + "/metrics.jsonl").compactMap { $0["loss"]?.double }
    }

    @Test(arguments: ["full", "kd", "l2", "lora", "linear-probe"])
    func trainingGivesTheSameUpToRounding(_ method: String) throws {
      try withTemporaryFolder { folder in
        let fast = try losses(folder + "/fast", method, [])
        let plain = try losses(folder + "/plain", method, ["--exact"])
        #expect(fast.count == 8)
        expectClose(plain, fast, relative: 1e-4)
        // Rounding shows that it went another way; a probe has no tower to go through.
        #expect(method == "linear-probe" || plain != fast)
        #expect(plain == (try losses(folder + "/again", method, ["--exact"])))
        let accuracies = try ["fast", "plain"].map {
          try lines("\(folder)/\($0)/results.jsonl").compactMap { $0["value"]?.double }
        }
        #expect(accuracies[0].count == 1 && accuracies[0] == accuracies[1])
      }
    }

    @Test func aRunSaysWhetherItWasExact() throws {
      try withTemporaryFolder { folder in
        for (name, more) in [
          ("fast", []), ("plain", ["--exact"]), ("set", ["--set", "exact=true"]),
        ] {
          let out = "\(folder)/\(name)"
          #expect(try Program.run(Tiny.train("full", out: out) + more).status == 0)
          let isExact = name != "fast"
          let text = String(decoding: bytes(out + "/config.yaml"), as: UTF8.self)
          #expect(text.contains("\nexact: \(isExact)\n"))
          let facts = try JSONValue.parse(bytes(out + "/environment.json"), source: name)
          #expect(facts["exact"] == .bool(isExact))
        }
      }
    }

    @Test func evaluationGivesTheSameRows() throws {
      let arguments = [
        "evaluate", "--model", Tiny.model, "--data", Tiny.images, Tiny.images + "#train",
        "--prompts", Tiny.prompts, "--metrics", "top1,mean-per-class", "--format", "json",
        "--quiet",
      ]
      let measured = { (more: [String]) throws -> [[JSONValue?]] in
        let outcome = try Program.run(arguments + more)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try (outcome.json().array ?? []).map { [$0["set"], $0["metric"], $0["value"]] }
      }
      let fast = try measured([])
      #expect(fast.count == 4)
      #expect(try measured(["--exact"]) == fast)
    }

    /// Each image encoded by a tower that rounds otherwise: the features are close, not equal.
    @Test func featuresShowThatItIsAnotherWay() throws {
      try withTemporaryFolder { folder in
        for (name, more) in [("fast", []), ("plain", ["--exact"])] {
          let outcome = try Program.run(
            [
              "embed", "--model", Tiny.model, "--images", Tiny.images + "/test", "--texts",
              Tiny.prompts, "--out", "\(folder)/\(name).safetensors", "--quiet",
            ] + more)
          #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let files = try ["fast", "plain"].map {
          try SafetensorsFile(path: "\(folder)/\($0).safetensors")
        }
        for name in ["images", "texts"] {
          let values = try files.map { try $0.tensor(name).elements(as: Float.self) }
          #expect(!values[0].isEmpty && values[0] != values[1], "\(name)")
          expectClose(values[1], values[0], relative: 1e-4, absolute: 1e-5)
        }
      }
    }
  }
}
