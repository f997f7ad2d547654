import Basics
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `holdfast compare`: configurations, overrides, and the table.
  @Suite struct CompareTests {
    /// A configuration file; relative paths are looked up from the working directory.
    static func write(_ more: String, to folder: String) throws -> String {
      let text = """
        # A small comparison.
        model: \(Tiny.model)
        data:
          train: \(Tiny.images)
          id: [\(Tiny.images)]
          ood: \(Tiny.images)#train
        prompts: \(Tiny.prompts)
        steps: 2
        batch-size: 8
        warmup-steps: 1
        \(more)
        """
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/small.yaml"))
      return folder + "/small.yaml"
    }

    @Test func runsEveryMethodAndPrintsTheTable() throws {
      try withTemporaryFolder { folder in
        let file = try Self.write("seeds: 2\nwise-ft: {alpha: 0:1:0.5}", to: folder)
        let outcome = try Program.run(["compare", file, "--quiet"], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        for label in ["Zero-shot", "Linear probe", "Full fine-tuning", "LoRA", "WiSE-FT α = 0.5"] {
          #expect(outcome.output.contains(label), "\(label)")
        }
        // The file's name is the run's.
        let rows = try lines(folder + "/runs/small/results.jsonl")
        let sets = Set(rows.compactMap { $0["role"]?.string })
        #expect(sets == ["id", "id-val", "ood"])
        let methods = Set(rows.compactMap { $0["method"]?.string })
        #expect(methods.count == 8)
        let alphas = rows.filter { $0["method"] == .string("wise-ft") }
          .compactMap { $0["setting"]?["alpha"]?.double }
        #expect(Set(alphas) == [0, 0.5, 1])
        #expect(rows.contains { $0["selected_on"] == .string("images#held-out") })
        let table = String(decoding: bytes(folder + "/runs/small/table.md"), as: UTF8.self)
        #expect(table.contains("| Full fine-tuning |"))
      }
    }

    @Test func theSavedConfigurationRepeatsTheRun() throws {
      try withTemporaryFolder { folder in
        let file = try Self.write(
          "methods: [full, l1, wise-ft]\nl1: {strength: 1e-05}\nname: again", to: folder)
        let first = try Program.run(
          ["compare", file, "--quiet", "--threads", "1", "--set", "lr=3e-4", "--out", "a"],
          in: folder)
        #expect(first.status == 0, "\(first.errors)")
        let second = try Program.run(
          ["compare", "a/config.yaml", "--quiet", "--out", "b"], in: folder)
        #expect(second.status == 0, "\(second.errors)")
        #expect(!bytes(folder + "/a/results.jsonl").isEmpty)
        #expect(bytes(folder + "/a/results.jsonl") == bytes(folder + "/b/results.jsonl"))
        #expect(bytes(folder + "/a/config.yaml") == bytes(folder + "/b/config.yaml"))
      }
    }

    @Test func optionsAndAssignmentsOverrideTheFile() throws {
      try withTemporaryFolder { folder in
        let file = try Self.write(
          "methods: [zero-shot, kd]\nkd: {steps: 50, strength: 2}\nlr: 0.5", to: folder)
        let outcome = try Program.run(
          [
            "compare", file, "--quiet", "--out", "run", "--steps", "1", "--seeds", "3",
            "--order", "sequential", "--augment", "flip", "--precision", "bf16",
            "--set", "kd.strength=7", "--set", "betas=[0.8, 0.99]", "--set", "checkpoints=no",
            "--format", "csv",
          ], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.hasPrefix("method,label,seeds,"))
        let text = String(decoding: bytes(folder + "/run/config.yaml"), as: UTF8.self)
        for line in [
          "steps: 1", "seeds: 3", "order: sequential", "augment: flip", "precision: bf16",
          "strength: 7", "betas: [0.8, 0.99]", "checkpoints: false", "lr: 0.5",
        ] {
          #expect(text.contains(line + "\n"), "\(line)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder + "/run/checkpoints"))
        let steps = try lines(folder + "/run/metrics.jsonl").filter {
          $0["event"]?.string == "step"
        }
        #expect(steps.count == 3)
      }
    }

    @Test func dataOptionsAreSettings() throws {
      try withTemporaryFolder { folder in
        let file = try Self.write(
          "methods: [zero-shot, full, wise-ft]\nwise-ft: {alpha: 0:1:0.5}", to: folder)
        let outcome = try Program.run(
          [
            "compare", file, "--quiet", "--out", "run", "--allow-missing", "--no-check",
            "--metrics", "mean-per-class,top1",
          ], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("images (ID) mean-per-class"))
        let text = String(decoding: bytes(folder + "/run/config.yaml"), as: UTF8.self)
        for line in ["allow-missing: true", "check: false", "metrics: [mean-per-class, top1]"] {
          #expect(text.contains(line + "\n"), "\(line)")
        }
        let rows = try lines(folder + "/run/results.jsonl")
        let metrics = rows.compactMap { $0["metric"]?.string }
        #expect(metrics.count { $0 == "top1" } == metrics.count { $0 == "mean-per-class" })
        // Validation chooses by the first of them.
        let seen = rows.filter {
          $0["role"] == .string("id-val") && $0["method"] == .string("wise-ft")
            && $0["metric"] == .string("mean-per-class")
        }
        let best = seen.compactMap { $0["value"]?.double }.max()
        let chosen = seen.first { $0["selected_on"] != .null }
        #expect(best != nil && chosen?["value"]?.double == best)
        let table = String(decoding: bytes(folder + "/run/table.md"), as: UTF8.self)
        #expect(table.contains("## Top-1 accuracy\n"))
        let events = try lines(folder + "/run/metrics.jsonl").compactMap { $0["text"]?.string }
        #expect(!events.contains { $0.hasPrefix("Zero-shot on") })
      }
    }

    @Test func pathsMakeListsOfStrengthsAndRanks() throws {
      try withTemporaryFolder { folder in
        let file = try Self.write(
          "methods: [l2, lora]\nl2: {strength: 0.3}", to: folder)
        let outcome = try Program.run(
          ["compare", file, "--paths", "--quiet", "--out", "run", "--format", "json"], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rows = try outcome.json().array ?? []
        let strengths = Set(rows.compactMap { $0["setting"]?["l2.strength"]?.double })
        #expect(strengths == [0.03, 0.09, 0.3, 0.9, 3])
        let ranks = Set(rows.compactMap { $0["setting"]?["lora.rank"]?.int })
        #expect(ranks == [1, 2, 4, 8, 16])
      }
    }

    @Test(arguments: [
      ("lr: 1\nlr: 2", "given twice"), ("methods: [full", "small.yaml:"),
      ("fulll: {lr: 1}", "Did you mean full?"), ("kd: {strenght: 1}", "kd.strength"),
      ("methods: [zeroshot]", "zero-shot"), ("kd: 3", "kd is 3"), ("seeds: 0", "seeds is 0"),
      ("lr: fast", "lr is"), ("precision: fp8", "precision"), ("wise-ft: {alpha: x}", "alpha"),
      ("metrics: [top-1]", "'top-1'"), ("metrics: top1", "metrics is"), ("check: 3", "check is"),
      ("lora: {targets: [qkv]}", "qkv"), ("device: tpu", "tpu"), ("? [a]\n: 1", "small.yaml"),
    ])
    func aBadConfigurationIsNamed(_ text: String, _ word: String) throws {
      try withTemporaryFolder { folder in
        let file = try Self.write(text, to: folder)
        try fail(
          .usage, containing: word,
          arguments: ["compare", file, "--out", folder + "/run", "--quiet"])
        #expect(!FileManager.default.fileExists(atPath: folder + "/run"))
      }
    }

    @Test func theDemonstrationIsTheRecipe() throws {
      let recipe = Fixtures.path("../../recipes/minidomains.yaml")
      let text = String(decoding: bytes(recipe), as: UTF8.self)
      for name in ["train: ", "id: [", "- "] {
        #expect(text.contains("\(name)builtin:minidomains/"))
      }
      try withTemporaryFolder { folder in
        // Small data and no training: only the settings are compared.
        let small = [
          "--set", "model=\(Tiny.model)", "--set", "prompts=simple", "--set", "methods=[zero-shot]",
          "--set", "data={train: \(Tiny.images), id: [], ood: []}", "--quiet", "--out",
        ]
        for (name, verb) in [("a", ["demo"]), ("b", ["compare", recipe])] {
          let outcome = try Program.run(verb + small + ["\(folder)/\(name)"])
          #expect(outcome.status == 0, "\(outcome.errors)")
        }
        #expect(!bytes(folder + "/a/config.yaml").isEmpty)
        #expect(bytes(folder + "/a/config.yaml") == bytes(folder + "/b/config.yaml"))
      }
    }

    @Test func aMissingConfigurationIsMissing() throws {
      try fail(.missingInput, containing: "nowhere.yaml", arguments: ["compare", "nowhere.yaml"])
    }
  }
}
