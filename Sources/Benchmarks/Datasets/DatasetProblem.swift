/// Something that `data check` finds wrong with a data set.
public struct DatasetProblem: Hashable, Sendable {
  /// What the problem means for the copy.
  public enum Kind: Hashable, Sendable {
    /// Something is not there; the rest can be used.
    case missing
    /// Something is there and wrong.
    case bad
  }

  public var kind: Kind
  /// The file, or the name of the class or data set that has too few or too many.
  public var subject: String
  /// What is wrong, in one line.
  public var reason: String

  public init(_ kind: Kind, _ subject: String, reason: String) {
    self.kind = kind
    self.subject = subject
    self.reason = reason
  }
}
