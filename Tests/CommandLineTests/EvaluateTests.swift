import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

extension EndToEnd {
  /// `evaluate` and `sweep`: one set of numbers, however it is reached.
  @Suite struct EvaluateTests {
    static let naming = ["--prompts", Tiny.prompts, "--quiet"]

    /// The values of rows, by the name of the model.
    static func evaluate(_ models: [String], _ more: [String] = []) throws -> [JSONValue] {
      let outcome = try Program.run(
        ["evaluate", "--model"] + models + ["--data", Tiny.images, Tiny.images + "#train"] + naming
          + ["--format", "json"] + more)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try outcome.json().array ?? []
    }

    /// A model that was trained until it answers differently from the start.
    static func tuned(in folder: String) throws -> String {
      let outcome = try Program.run(
        Tiny.train("full", out: folder + "/run", "--set", "lr=1e-2", "--set", "steps=6"))
      #expect(outcome.status == 0, "\(outcome.errors)")
      return folder + "/run/checkpoints/full-seed0"
    }

    @Test func severalModelsAndSetsInOneCall() throws {
      try withTemporaryFolder { folder in
        let tuned = try Self.tuned(in: folder)
        let rows = try Self.evaluate([Tiny.model, tuned])
        #expect(rows.count == 4)
        #expect(
          rows.compactMap { $0["method"]?.string } == [
            "tiny-quickgelu", "tiny-quickgelu", "full-seed0", "full-seed0",
          ])
        #expect(rows.compactMap { $0["n"]?.int } == [9, 26, 9, 26])
        #expect(rows.compactMap { $0["model"]?.string } == [Tiny.model, Tiny.model, tuned, tuned])
        let saved = try lines(folder + "/run/results.jsonl")
        #expect(saved.first?["value"] == rows[2]["value"])
        #expect(saved.first?["ci95"] == rows[2]["ci95"])
        #expect(saved.first?["weights"] == rows[2]["weights"])
        // Alone it has the same numbers.
        #expect(try Self.evaluate([tuned]) == Array(rows.suffix(2)))
      }
    }

    @Test(arguments: ["table", "json", "csv", "markdown"]) func formats(_ format: String) throws {
      let outcome = try Program.run(
        ["evaluate", "--model", Tiny.model, "--data", Tiny.images, "--format", format]
          + Self.naming)
      #expect(outcome.status == 0 && outcome.errors == "")
      switch format {
      case "json": #expect(try outcome.json().array?.first?["metric"] == .string("top1"))
      case "csv":
        let text = outcome.output.split(whereSeparator: \.isNewline)
        #expect(text.first == "model,set,role,metric,value,n,low,high")
        #expect(text.last?.hasPrefix("tiny-quickgelu,images,id,top1,0.") ?? false)
      case "markdown": #expect(outcome.output.hasPrefix("| model | set |"))
      default: #expect(outcome.output.contains("────"))
      }
    }

    @Test func aHeadFileStandsInForTheModels() throws {
      try withTemporaryFolder { folder in
        let tuned = try Self.tuned(in: folder)
        let rows = try Self.evaluate([Tiny.model], ["--head", tuned + "/head.safetensors"])
        let plain = try Self.evaluate([Tiny.model])
        #expect(rows.first?["weights"] != plain.first?["weights"])
      }
    }

    @Test func classesMayBeRenamedOrReordered() throws {
      try withTemporaryFolder { folder in
        let plain = try Self.evaluate([Tiny.model])
        let file = folder + "/classes.txt"
        try AtomicFile.write("owl\nred kite\nbadger\nmaple leaf\n", to: file)
        let more = try Self.evaluate([Tiny.model], ["--classes", file])
        #expect(more.count == 2 && more.first?["weights"] != plain.first?["weights"])
        try AtomicFile.write(Tiny.classes.joined(separator: "\n"), to: file)
        #expect(try Self.evaluate([Tiny.model], ["--classes", file]) == plain)
        try AtomicFile.write("oak\nbird\n", to: file)
        try fail(
          .badData, containing: "2 class names",
          arguments: ["evaluate", "--model", Tiny.model, "--data", Tiny.images, "--classes", file]
            + Self.naming)
      }
    }

    @Test func sweepIsMergeAndEvaluate() throws {
      try withTemporaryFolder { folder in
        let tuned = try Self.tuned(in: folder)
        let outcome = try Program.run(
          ["sweep", "--from", Tiny.model, "--to", tuned, "--alpha", "0:1:0.25", "--format", "json"]
            + ["--data", Tiny.images, Tiny.images + "#train"] + Self.naming)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rows = try outcome.json().array ?? []
        #expect(rows.count == 10)
        for (index, alpha) in [0, 0.25, 0.5, 0.75, 1].enumerated() {
          let out = "\(folder)/at\(alpha)"
          _ = try succeed(
            "merge", "--from", Tiny.model, "--to", tuned, "--alpha", "\(alpha)", "--prompts",
            Tiny.prompts, "--out", out)
          for (row, expected) in zip(rows[2 * index..<2 * index + 2], try Self.evaluate([out])) {
            #expect(row["setting"]?["alpha"]?.double == alpha)
            for key in ["value", "n", "set", "weights"] { #expect(row[key] == expected[key]) }
          }
        }
        // The curve moves; else this test would say nothing.
        #expect(Set(rows.compactMap { $0["value"]?.double }).count > 1)
      }
    }

    @Test func sweepWithoutHeadsIsMergeAndEvaluateToo() throws {
      try withTemporaryFolder { folder in
        let tuned = try Self.tuned(in: folder)
        try FileManager.default.removeItem(atPath: tuned + "/head.safetensors")
        let outcome = try Program.run(
          ["sweep", "--from", Tiny.model, "--to", tuned, "--alpha", "0.3", "--format", "json"]
            + ["--data", Tiny.images] + Self.naming)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let out = folder + "/merged"
        _ = try succeed(
          "merge", "--from", Tiny.model, "--to", tuned, "--alpha", "0.3", "--out", out)
        #expect(!FileManager.default.fileExists(atPath: out + "/head.safetensors"))
        let expected = try Self.evaluate([out]).first
        #expect(try outcome.json().array?.first?["weights"] == expected?["weights"])
      }
    }

    @Test func aGridThatRunsBackwardsIsUsage() throws {
      try fail(
        .usage,
        arguments: ["sweep", "--from", "a", "--to", "b", "--alpha", "1:0:0.1", "--data", "d"])
    }

    @Test func metricsAreChosenByName() throws {
      let rows = try Self.evaluate([Tiny.model], ["--metrics", "macro-f1,top1,mean-per-class"])
      #expect(
        rows.compactMap { $0["metric"]?.string } == [
          "macro-f1", "top1", "mean-per-class", "macro-f1", "top1", "mean-per-class",
        ])
      #expect(rows[1]["value"] == (try Self.evaluate([Tiny.model]))[0]["value"])
      let arguments = ["evaluate", "--model", Tiny.model, "--data", Tiny.images] + Self.naming
      try fail(
        .usage, containing: "'acuracy'", arguments: arguments + ["--metrics", "acuracy"])
      try fail(.usage, containing: "no metric", arguments: arguments + ["--metrics", ""])
      try fail(
        .usage, containing: "worst-group cannot be measured",
        arguments: arguments + ["--metrics", "worst-group"])
    }

    @Test func aPartOfABenchmarkNeedsLeaveAndSaysSo() throws {
      try withTemporaryFolder { folder in
        // Two of the 200 classes of ImageNet-A, three images each.
        for (name, code) in [("owl", "n01498041"), ("red_kite", "n01531178")] {
          try FileManager.default.createDirectory(
            atPath: folder + "/imagenet-a", withIntermediateDirectories: true)
          try FileManager.default.copyItem(
            atPath: "\(Tiny.images)/test/\(name)", toPath: "\(folder)/imagenet-a/\(code)")
        }
        let arguments =
          ["evaluate", "--model", Tiny.model, "--data", "imagenet-a:\(folder)/imagenet-a"]
          + Self.naming
        let refused = try fail(.missingInput, containing: "--allow-missing", arguments: arguments)
        #expect(refused.errors.contains("imagenet-a"))
        let outcome = try Program.run(arguments + ["--allow-missing", "--format", "json"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rows = try outcome.json().array ?? []
        #expect(rows.compactMap { $0["metric"]?.string } == ["top1", "top1-of-all"])
        #expect(
          rows.allSatisfy { $0["data"]?["missing"] == .integer(7494) && $0["n"] == .integer(6) })
        let table = try Program.run(arguments + ["--allow-missing", "--format", "csv"])
        #expect(table.output.contains("low,high,data") && table.output.contains("missing=7494"))
      }
    }
  }
}
