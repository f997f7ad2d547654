import Basics
import Foundation
import TestSupport
import Testing

/// The built `holdfast`, run as a user runs it.
enum Program {
  /// What a run left behind.
  struct Outcome {
    var status: Int32
    var output: String
    var errors: String

    /// The lines on stderr.
    var errorLines: [Substring] { errors.split(whereSeparator: \.isNewline) }

    /// The output as JSON.
    func json() throws -> JSONValue {
      try JSONValue.parse(Data(output.utf8), source: "stdout")
    }
  }

  /// Beside the test bundle.
  static let path: String = {
    var place = URL(fileURLWithPath: CommandLine.arguments[0])
    #if os(Linux)
      if let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
        place = URL(fileURLWithPath: own)
      }
    #else
      for bundle in Bundle.allBundles where bundle.bundlePath.hasSuffix(".xctest") {
        place = bundle.bundleURL
      }
    #endif
    return place.deletingLastPathComponent().appendingPathComponent("holdfast").path
  }()

  /// Runs it to its end.
  ///
  /// - Parameters:
  ///   - arguments: Without the program's name.
  ///   - folder: The working directory.
  ///   - environment: Added to this process's.
  static func run(
    _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:]
  ) throws -> Outcome {
    try start(arguments, in: folder, environment: environment).outcome()
  }

  /// Runs it through a shell, where `$HOLDFAST` stands for the program.
  static func shell(_ script: String, in folder: String) throws -> Outcome {
    let running = Running()
    running.process.executableURL = URL(fileURLWithPath: "/bin/bash")
    running.process.arguments = ["-c", script]
    try running.start(in: folder, environment: ["HOLDFAST": path])
    return try running.outcome()
  }

  /// Starts it and returns at once.
  static func start(
    _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:]
  ) throws -> Running {
    let running = Running()
    running.process.executableURL = URL(fileURLWithPath: path)
    running.process.arguments = arguments
    try running.start(in: folder, environment: environment)
    return running
  }

  /// A run that is going on, whose output goes to files, so that no pipe fills up.
  final class Running {
    let process = Process()
    private let streams = NSTemporaryDirectory() + "holdfast-streams-" + UUID().uuidString

    func start(in folder: String?, environment: [String: String]) throws {
      // One thread: many small processes at once are slow with more, and numbers do not depend on it.
      process.environment = ProcessInfo.processInfo.environment
        .merging(["OMP_NUM_THREADS": "1"]) { $1 }.merging(environment) { $1 }
      if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
      for name in ["out", "err"] {
        try Data().write(to: URL(fileURLWithPath: "\(streams).\(name)"))
      }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle(forWritingAtPath: "\(streams).out")
      process.standardError = FileHandle(forWritingAtPath: "\(streams).err")
      try process.run()
    }

    /// Waits for the end.
    func outcome() throws -> Outcome {
      process.waitUntilExit()
      func text(_ name: String) throws -> String {
        let path = "\(streams).\(name)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        return String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
      }
      return Outcome(
        status: process.terminationReason == .uncaughtSignal
          ? -process.terminationStatus : process.terminationStatus,
        output: try text("out"), errors: try text("err"))
    }
  }
}

/// Runs the program quietly and expects it to succeed without a word on stderr.
func succeed(
  _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation
) throws -> Program.Outcome {
  let outcome = try Program.run(arguments + ["--quiet"])
  #expect(outcome.status == 0, "\(outcome.errors)", sourceLocation: sourceLocation)
  #expect(outcome.errors == "", sourceLocation: sourceLocation)
  return outcome
}

/// Runs the program quietly and expects an exit code, nothing on stdout, and two lines on stderr:
/// what is wrong, in which some words occur, and what to do.
@discardableResult
func fail(
  _ kind: HoldfastError.Kind, containing words: String..., arguments: [String],
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> Program.Outcome {
  let outcome = try Program.run(arguments)
  expectFailure(outcome, kind, words, sourceLocation: sourceLocation)
  return outcome
}

/// Expects what `fail` expects of a run that is over.
func expectFailure(
  _ outcome: Program.Outcome, _ kind: HoldfastError.Kind, _ words: [String] = [],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(outcome.status == kind.rawValue, "\(outcome.errors)", sourceLocation: sourceLocation)
  #expect(outcome.output == "", sourceLocation: sourceLocation)
  let lines = outcome.errorLines
  #expect(lines.count == 2, "\(outcome.errors)", sourceLocation: sourceLocation)
  #expect(lines.first?.hasPrefix("holdfast: ") ?? false, sourceLocation: sourceLocation)
  for word in words {
    #expect(outcome.errors.contains(word), "\(outcome.errors)", sourceLocation: sourceLocation)
  }
}
