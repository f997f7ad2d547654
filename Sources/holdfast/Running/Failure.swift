import ArgumentParser
import Basics
import Foundation

/// The end of a command that did not succeed: what is said, and the exit code.
struct Failure {
  private let error: any Error

  init(_ error: any Error) {
    self.error = error
  }

  /// Says what is wrong in one line and what to do in another, on stderr.
  ///
  /// - Returns: The exit code.
  func report() -> Int32 {
    if error is EndOfOutput { return 0 }
    if let problem = error as? HoldfastError {
      Self.say(problem.problem, problem.remedy)
      return problem.kind.rawValue
    }
    let code = Holdfast.exitCode(for: error)
    if code == .success {
      // Help and version are results.
      try? Output.write(Holdfast.fullMessage(for: error) + "\n")
      return 0
    }
    if code == .validationFailure {
      Self.say(Holdfast.message(for: error), "Run 'holdfast \(Self.verbs)--help' for its options.")
      return code.rawValue
    }
    if error is ExitCode { return code.rawValue }
    let detail =
      CommandLine.arguments.contains("--verbose") ? String(reflecting: error) : "\(error)"
    Self.say(detail, "This is a mistake in holdfast: please report it.")
    return HoldfastError.Kind.internalError.rawValue
  }

  private static func say(_ problem: String, _ remedy: String) {
    let lines = "holdfast: \(oneLine(problem))\n\(oneLine(remedy))\n"
    FileHandle.standardError.write(Data(lines.utf8))
  }

  private static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// The verb that was typed, with a space behind it.
  private static var verbs: String {
    let words = CommandLine.arguments.dropFirst().prefix { !$0.hasPrefix("-") }
    let known = Holdfast.configuration.groupedSubcommands.flatMap(\.subcommands)
    guard let verb = words.first, known.contains(where: { $0._commandName == verb }) else {
      return ""
    }
    let second = words.dropFirst().first
    let inner = verb == "data" && ["inspect", "check"].contains(second) ? "\(second ?? "") " : ""
    return "\(verb) \(inner)"
  }
}

/// Thrown where the reader of stdout has gone away: there is nobody to write for.
struct EndOfOutput: Error {}
