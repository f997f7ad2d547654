import Basics

/// A data set in the part it plays in a comparison: a column of the table.
public struct ScoredSet: Hashable, Sendable {
  public var name: String
  public var role: ResultRow.Role

  public init(name: String, role: ResultRow.Role) {
    self.name = name
    self.role = role
  }
}
