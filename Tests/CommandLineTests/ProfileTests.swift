import Basics
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `--profile`: where the time of a run went.
  @Suite struct ProfileTests {
    /// The seconds of each phase in a run folder's event, which add up to the wall time.
    private func event(_ folder: String) throws -> JSONValue {
      let found = try lines(folder + "/metrics.jsonl").filter {
        $0["event"] == .string("profile")
      }
      let event = try #require(found.first)
      #expect(found.count == 1)
      let seconds = (event["seconds"]?.object ?? [:]).compactMapValues(\.double)
      expectClose(
        seconds.values.reduce(0, +), try #require(event["wall"]?.double), relative: 1e-9)
      return event
    }

    private func talkative(_ arguments: [String]) -> [String] {
      arguments.filter { $0 != "--quiet" }
    }

    @Test func aTrainingRunSaysWhereItsTimeWent() throws {
      try withTemporaryFolder { folder in
        let start = ContinuousClock.now
        let outcome = try Program.run(
          talkative(Tiny.train("full", out: folder + "/run", "--profile", "--format", "json")))
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try outcome.json().array?.count == 1)
        for words in [
          "training: forward", "training: backward", "training: optimiser", "evaluation: forward",
          "encoding prompts", "writing checkpoints", "writing events", "other", "\nBound by ",
          "Training: ", "Evaluation: ", "Loading, in other threads: ",
        ] {
          #expect(outcome.errors.contains(words), "\(words)")
        }
        let event = try event(folder + "/run")
        #expect(try #require(event["wall"]?.double) < elapsed)
        let seconds = try #require(event["seconds"])
        for phase in ["forward", "backward", "optimizer", "evaluation", "text", "checkpoints"] {
          #expect(seconds[phase]?.double ?? 0 > 0, "\(phase)")
        }
        // Three steps of 8, 8 and 8 images, 9 images to score, 26 and 9 for the check before.
        #expect(event["trained"] == .integer(24))
        #expect(event["scored"] == .integer(9 + 26 + 9))
      }
    }

    @Test func quietSaysNothingAndWritesIt() throws {
      try withTemporaryFolder { folder in
        let outcome = try Program.run(Tiny.train("full", out: folder + "/run", "--profile"))
        #expect(outcome.status == 0 && outcome.errors == "")
        _ = try event(folder + "/run")
        let without = try Program.run(Tiny.train("full", out: folder + "/other"))
        #expect(without.status == 0)
        #expect(
          try lines(folder + "/other/metrics.jsonl").allSatisfy {
            $0["event"] != .string("profile")
          })
        #expect(
          bytes(folder + "/run/results.jsonl") == bytes(folder + "/other/results.jsonl"))
      }
    }

    /// What is loaded again without fast paths shows that these were really off.
    @Test(arguments: ["kd", "linear-probe"]) func exactRunsLoadAgain(_ method: String) throws {
      try withTemporaryFolder { folder in
        var loaded: [Int] = []
        for more in [[], ["--exact"]] {
          let out = "\(folder)/run\(loaded.count)"
          let outcome = try Program.run(
            Tiny.train(
              method, out: out, "--profile", "--no-check", "--augment", "none", "--set",
              "steps=null", "--set", "epochs=3") + more)
          #expect(outcome.status == 0, "\(outcome.errors)")
          let event = try event(out)
          #expect(event["trained"] == .integer(3 * 26))
          loaded.append(try #require(event["loading"]?["images"]?.int))
        }
        // A probe needs its images once; a student needs them each epoch; 9 are scored.
        #expect(loaded == (method == "kd" ? [3 * 26 + 9, 3 * 26 + 9] : [26 + 9, 3 * 26 + 9]))
      }
    }

    @Test func evaluationAndSweepsHaveTheirAccounts() throws {
      try withTemporaryFolder { folder in
        let tuned = try EvaluateTests.tuned(in: folder)
        let shared = [
          "--data", Tiny.images, "--prompts", Tiny.prompts, "--format", "csv", "--profile",
        ]
        for arguments in [
          ["evaluate", "--model", Tiny.model, tuned],
          ["sweep", "--from", Tiny.model, "--to", tuned],
        ] {
          let outcome = try Program.run(arguments + shared)
          #expect(outcome.status == 0, "\(outcome.errors)")
          #expect(outcome.output.hasPrefix(arguments[0] == "sweep" ? "method," : "model,"))
          for words in ["evaluation: forward", "reading models", "\nBound by ", "all "] {
            #expect(outcome.errors.contains(words), "\(words)")
          }
          #expect(!outcome.errors.contains("training:"))
        }
      }
    }
  }
}
