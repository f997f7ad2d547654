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
      if let verb = Self.unknownVerb {
        let guess = nearestName(to: verb, among: Self.known).map { "Did you mean \($0)? " } ?? ""
        Self.say(
          "there is no command \(verb)",
          "\(guess)Known: \(Self.known.sorted().joined(separator: ", ")).")
        return code.rawValue
      }
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

  private static var known: [String] {
    Holdfast.configuration.groupedSubcommands.flatMap { $0.subcommands }.map { $0._commandName }
  }

  /// The first word, where it is none of the verbs.
  private static var unknownVerb: String? {
    let words = CommandLine.arguments.dropFirst()
    guard let first = words.first, !first.hasPrefix("-"), !known.contains(first), first != "help"
    else { return nil }
    return first
  }

  /// The verb that was typed, with a space behind it.
  private static var verbs: String {
    let words = CommandLine.arguments.dropFirst().prefix { !$0.hasPrefix("-") }
    guard let verb = words.first, known.contains(verb) else { return "" }
    let second = words.dropFirst().first ?? ""
    return verb == "data" && ["inspect", "check"].contains(second) ? "data \(second) " : "\(verb) "
  }
}

/// Thrown where the reader of stdout has gone away: there is nobody to write for.
struct EndOfOutput: Error {}
