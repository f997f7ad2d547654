/// What went wrong, said to a person: one line for the problem, one for what to do about it.
///
/// Every error that a user can cause is one of these; its kind is the process's exit code.
public struct HoldfastError: Error, Hashable, Sendable {
  /// The families of errors, with the exit code of each.
  public enum Kind: Int32, Sendable, CaseIterable {
    /// The command line or the configuration is wrong.
    case usage = 64
    /// A file was read and its content is wrong.
    case badData = 65
    /// A file or folder is not there, or cannot be opened.
    case missingInput = 66
    /// A mistake of holdfast's own.
    case internalError = 70
    /// A result could not be written.
    case cannotWrite = 73
    /// A device or the machine ran out of memory.
    case outOfMemory = 75
    /// Stopped by SIGINT, after saving.
    case interrupted = 130
    /// Stopped by SIGTERM, after saving.
    case terminated = 143
  }

  public var kind: Kind
  /// What is wrong, with the file and the position in it, in one line.
  public var problem: String
  /// What to do about it, in one line.
  public var remedy: String

  public init(_ kind: Kind, _ problem: String, remedy: String) {
    self.kind = kind
    self.problem = problem
    self.remedy = remedy
  }

  public static func usage(_ problem: String, remedy: String) -> HoldfastError {
    HoldfastError(.usage, problem, remedy: remedy)
  }

  public static func badData(_ problem: String, remedy: String) -> HoldfastError {
    HoldfastError(.badData, problem, remedy: remedy)
  }

  public static func missingInput(_ problem: String, remedy: String) -> HoldfastError {
    HoldfastError(.missingInput, problem, remedy: remedy)
  }

  public static func internalError(_ problem: String) -> HoldfastError {
    HoldfastError(
      .internalError, problem, remedy: "This is a mistake in holdfast: please report it.")
  }

  public static func cannotWrite(_ problem: String, remedy: String) -> HoldfastError {
    HoldfastError(.cannotWrite, problem, remedy: remedy)
  }
}

extension HoldfastError: CustomStringConvertible {
  public var description: String { "\(problem)\n\(remedy)" }
}
