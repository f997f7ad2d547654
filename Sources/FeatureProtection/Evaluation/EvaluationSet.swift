import Basics
import Benchmarks
import CLIP

/// A data set to be scored, and what it is to the models under test.
public struct EvaluationSet: Sendable {
  /// The name in results, `minidomains/sketch` for example.
  public var name: String
  public var role: ResultRow.Role
  /// Its labels are rows of the head.
  public var dataset: Dataset
  /// The head to score with, for a set with classes of its own; nil takes the classifier's.
  public var ownHead: ClassificationHead?

  /// - Parameter classes: The head's classes, to which the labels are matched by name.
  /// - Throws: `HoldfastError` of kind `badData` where a class is not among them.
  public init(
    _ dataset: Dataset, role: ResultRow.Role, classes: [String], name: String? = nil
  ) throws(HoldfastError) {
    guard !dataset.samples.isEmpty else {
      throw .badData(
        "\(dataset.name): there are no images", remedy: "Check the path and the split.")
    }
    self.name = name ?? dataset.name
    self.role = role
    self.dataset = try dataset.aligned(to: classes)
  }

  /// A set of another task, scored with a zero-shot head for its own classes.
  public init(
    _ dataset: Dataset, role: ResultRow.Role, ownHead: ClassificationHead
  ) throws(HoldfastError) {
    try self.init(dataset, role: role, classes: ownHead.classes)
    self.ownHead = ownHead
  }

  public var labels: [Int] { dataset.samples.map(\.label) }
}
