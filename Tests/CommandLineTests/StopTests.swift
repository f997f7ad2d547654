import Basics
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Ctrl-C and SIGTERM.
  @Suite struct StopTests {
    /// Starts a training that would go on for hours, and waits until it has taken some steps.
    private func start(_ out: String, _ more: String...) throws -> Program.Running {
      let running = try Program.start(
        [
          "train", "--model", Tiny.model, "--data", Tiny.images, "--prompts", Tiny.prompts,
          "--method", "full", "--steps", "1000000", "--batch-size", "8", "--out", out,
        ] + more)
      let end = Date(timeIntervalSinceNow: 60)
      while Date() < end, running.process.isRunning {
        if try lines(out + "/unfinished/metrics.jsonl").count > 5 { break }
        usleep(20_000)
      }
      return running
    }

    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func savesWhatWasRecorded(_ signal: Int32, _ status: Int32) throws {
      try withTemporaryFolder { folder in
        let out = folder + "/run"
        let running = try start(out, "--quiet")
        kill(running.process.processIdentifier, signal)
        let outcome = try running.outcome()
        #expect(outcome.status == status && outcome.output == "")
        #expect(outcome.errorLines.count == 2 && outcome.errors.contains(out))
        let steps = try lines(out + "/metrics.jsonl").filter { $0["event"]?.string == "step" }
        #expect(steps.count >= 1)
        #expect(!bytes(out + "/config.yaml").isEmpty && !bytes(out + "/environment.json").isEmpty)
        #expect(!FileManager.default.fileExists(atPath: out + "/unfinished"))
      }
    }

    @Test func keepsWhatWasMeasured() throws {
      try withTemporaryFolder { folder in
        let text = """
          model: \(Tiny.model)
          prompts: \(Tiny.prompts)
          data: {train: \(Tiny.images), id: \(Tiny.images)}
          methods: [zero-shot, full]
          batch-size: 8
          full: {steps: 1000000}
          """
        try AtomicFile.write(text, to: folder + "/c.yaml")
        let out = folder + "/run"
        let running = try Program.start(["compare", folder + "/c.yaml", "--out", out, "--quiet"])
        let end = Date(timeIntervalSinceNow: 60)
        while Date() < end, running.process.isRunning {
          let events = try lines(out + "/unfinished/metrics.jsonl")
          if events.contains(where: { $0["event"]?.string == "step" }) { break }
          usleep(20_000)
        }
        kill(running.process.processIdentifier, SIGINT)
        let outcome = try running.outcome()
        #expect(outcome.status == 130)
        #expect(outcome.errors.contains("Saved 2 results"))
        let rows = try lines(out + "/results.jsonl")
        #expect(rows.count == 2 && rows.allSatisfy { $0["method"] == .string("zero-shot") })
        let page = String(decoding: bytes(out + "/report.html"), as: UTF8.self)
        #expect(page.contains("stopped before its end"))
        #expect(!bytes(out + "/checkpoints/zero-shot-seed0/config.json").isEmpty)
      }
    }

    @Test func earlierResultsStay() throws {
      try withTemporaryFolder { folder in
        let out = folder + "/run"
        #expect(try Program.run(Tiny.train("full", out: out)).status == 0)
        let before = ["results.jsonl", "metrics.jsonl", "report.html", "config.yaml"].map {
          bytes("\(out)/\($0)")
        }
        let running = try start(out, "--quiet")
        kill(running.process.processIdentifier, SIGINT)
        let outcome = try running.outcome()
        #expect(outcome.status == 130 && outcome.errors.contains("earlier results"))
        let after = ["results.jsonl", "metrics.jsonl", "report.html", "config.yaml"].map {
          bytes("\(out)/\($0)")
        }
        #expect(before == after)
        #expect(!bytes(out + "/unfinished/metrics.jsonl").isEmpty)
        // The next run clears that away.
        #expect(try Program.run(Tiny.train("full", out: out)).status == 0)
        #expect(!FileManager.default.fileExists(atPath: out + "/unfinished"))
      }
    }
  }
}
