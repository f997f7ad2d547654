import Basics
import Foundation
import Reporting
import TestSupport
import Testing

/// A run folder holds a whole run, or what was there before.
@Suite struct RunRecorderTests {
  static func row(_ value: Double) -> ResultRow {
    ResultRow(
      method: "full", seed: 0, set: "photos", role: .inDistribution, metric: "top1", value: value,
      n: 10, ci95: [0, 1], recipe: "sha256:0", weights: "sha256:0")
  }

  /// A recorder that has begun and holds a result.
  static func begun(_ folder: String, _ value: Double) throws -> RunRecorder {
    let recorder = RunRecorder(folder: folder)
    try recorder.log(.object(["event": .string("early")]))
    try recorder.begin(
      configuration: .object(["lr": .number(1e-5)]), environment: .object(["os": .string("x")]))
    try recorder.log(.object(["event": .string("late")]))
    try recorder.add(row(value))
    try recorder.scalar("train/loss", 1, step: 1, of: "full/seed0")
    return recorder
  }

  static func text(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }

  @Test func aFinishedRunLiesInItsFolder() throws {
    try withTemporaryFolder { folder in
      let recorder = try Self.begun(folder + "/run", 0.5)
      #expect(FileManager.default.fileExists(atPath: recorder.workingFolder))
      #expect(!FileManager.default.fileExists(atPath: folder + "/run/results.jsonl"))
      try recorder.finish(title: "run")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/run").sorted()
      #expect(
        names == [
          "config.yaml", "environment.json", "metrics.jsonl", "report.html", "results.jsonl",
          "table.csv", "table.md", "tensorboard",
        ])
      #expect(Self.text(folder + "/run/config.yaml") == "lr: 1.0e-05\n")
      #expect(
        Self.text(folder + "/run/metrics.jsonl") == "{\"event\":\"early\"}\n{\"event\":\"late\"}\n")
      #expect(try RunFolder.measurements(inFolder: folder + "/run") == [Self.row(0.5)])
      let curves = try FileManager.default.contentsOfDirectory(atPath: folder + "/run/tensorboard")
      #expect(curves == ["full_seed0"])
    }
  }

  @Test func everyLineIsThereAtOnce() throws {
    try withTemporaryFolder { folder in
      let recorder = try Self.begun(folder, 0.5)
      #expect(Self.text(recorder.workingFolder + "/metrics.jsonl").hasSuffix("\"late\"}\n"))
      #expect(Self.text(recorder.workingFolder + "/results.jsonl").contains("0.5"))
    }
  }

  @Test func aRunThatStopsLeavesEarlierResults() throws {
    try withTemporaryFolder { folder in
      try Self.begun(folder, 0.5).finish(title: "run")
      try AtomicFile.write("mine", to: folder + "/checkpoints/a")
      let remains = try Self.begun(folder, 0.7).abandon(title: "run", note: "stopped")
      #expect(remains?.keptEarlier == true && remains?.results == 1)
      #expect(try RunFolder.measurements(inFolder: folder) == [Self.row(0.5)])
      #expect(Self.text(folder + "/checkpoints/a") == "mine")
      let kept = try #require(remains?.folder)
      #expect(try RunFolder.measurements(inFolder: kept) == [Self.row(0.7)])
      // A third run replaces everything, the rest of the second included.
      let third = try Self.begun(folder, 0.9)
      try AtomicFile.write("new", to: third.workingFolder + "/checkpoints/b")
      try third.finish(title: "run")
      #expect(try RunFolder.measurements(inFolder: folder) == [Self.row(0.9)])
      #expect(!FileManager.default.fileExists(atPath: folder + "/checkpoints/a"))
      #expect(Self.text(folder + "/checkpoints/b") == "new")
      #expect(!FileManager.default.fileExists(atPath: kept))
    }
  }

  @Test func aFirstRunThatStopsIsSaved() throws {
    try withTemporaryFolder { folder in
      let remains = try Self.begun(folder, 0.7).abandon(title: "run", note: "It was stopped.")
      #expect(remains?.folder == folder && remains?.results == 1 && remains?.keptEarlier == false)
      #expect(try RunFolder.measurements(inFolder: folder) == [Self.row(0.7)])
      #expect(Self.text(folder + "/report.html").contains("It was stopped."))
    }
  }

  @Test func nothingRecordedIsNothingWritten() throws {
    try withTemporaryFolder { folder in
      let recorder = RunRecorder(folder: folder + "/run")
      let remains = try recorder.abandon(title: "run", note: "")
      #expect(remains == nil)
      #expect(!FileManager.default.fileExists(atPath: folder + "/run"))
    }
  }

  @Test func oneRunAtATimeInAFolder() throws {
    try withTemporaryFolder { folder in
      let first = try Self.begun(folder, 0.5)
      expectProblem(.cannotWrite, containing: "another run") { try Self.begun(folder, 0.7) }
      try first.finish(title: "run")
      #expect(try RunFolder.measurements(inFolder: folder) == [Self.row(0.5)])
      try Self.begun(folder, 0.7).finish(title: "run")
    }
  }

  @Test func aFolderThatCannotBeMade() throws {
    try withTemporaryFolder { folder in
      try AtomicFile.write("a file", to: folder + "/run")
      expectProblem(.cannotWrite, containing: folder) {
        try Self.begun(folder + "/run", 1)
      }
    }
  }
}
