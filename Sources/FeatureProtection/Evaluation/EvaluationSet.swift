import Basics
import Benchmarks
import CLIP

/// A data set to be scored, and what it is to the models under test.
public struct EvaluationSet: Sendable {
  /// The name in results, `minidomains/sketch` for example.
  public var name: String
  public var role: ResultRow.Role
  /// Its labels are rows of the head, or where there are `columns` positions in them.
  public var dataset: Dataset
  /// For each class of the set the columns of the head of which the highest counts; nil where the
  /// head's classes are the set's.
  public let columns: [[Int]]?
  /// What is measured; the first is the number to compare models by.
  public let metrics: [DatasetMetric]
  /// The head to score with, for a set with classes of its own; nil takes the classifier's.
  public var ownHead: ClassificationHead?

  /// - Parameters:
  ///   - classes: The head's classes, to which the set's are matched by name, or by position where
  ///     they are the very list of its `classMap`.
  ///   - name: The name in results; the default is the data set's.
  ///   - metrics: In place of the data set's own; those that it does not support are left out.
  /// - Throws: `HoldfastError` of kind `badData` where a class is not among them, `usage` where the
  ///   set supports none of the metrics.
  public init(
    _ dataset: Dataset, role: ResultRow.Role, classes: [String], name: String? = nil,
    metrics: [DatasetMetric]? = nil
  ) throws(HoldfastError) {
    guard !dataset.samples.isEmpty else {
      throw .badData(
        "\(dataset.name): there are no images", remedy: "Check the path and the split.")
    }
    self.name = name ?? dataset.name
    self.role = role
    self.metrics = try Self.supported(metrics, by: dataset)
    if let columns = try dataset.columns(in: classes) {
      self.dataset = dataset
      self.columns = columns == classes.indices.map { [$0] } ? nil : columns
    } else {
      self.dataset = try dataset.aligned(to: classes)
      columns = nil
    }
  }

  /// A set of another task, scored with a zero-shot head for its own classes.
  public init(
    _ dataset: Dataset, role: ResultRow.Role, ownHead: ClassificationHead,
    metrics: [DatasetMetric]? = nil
  ) throws(HoldfastError) {
    try self.init(dataset, role: role, classes: ownHead.classes, metrics: metrics)
    self.ownHead = ownHead
  }

  /// The head that a classifier answers with here.
  func head(of classifier: ImageClassifier) throws(HoldfastError) -> ClassificationHead {
    if let ownHead { return ownHead }
    return try classifier.head()
  }

  /// How many classes an answer is chosen among.
  public var answerCount: Int { columns?.count { !$0.isEmpty } ?? dataset.classes.count }

  /// What is scored, in one line: the data set's own, and the metrics.
  public var summary: String {
    "\(dataset.summary); \(metrics.map(\.rawValue).joined(separator: ", "))"
  }

  private static func supported(
    _ asked: [DatasetMetric]?, by dataset: Dataset
  ) throws(HoldfastError) -> [DatasetMetric] {
    var metrics = (asked ?? dataset.metrics).filter(dataset.supports)
    // The mean over corruptions is made of their errors.
    if metrics.contains(.mCE), !metrics.contains(.top1) { metrics.insert(.top1, at: 0) }
    if !metrics.isEmpty { return metrics }
    guard let asked else { return [.top1] }
    throw .usage(
      "\(dataset.name): \(asked.map(\.rawValue).joined(separator: ", ")) cannot be measured on it",
      remedy: "top5 needs more than five classes, top1-of-all a set whose classes are part of a "
        + "larger list, worst-group images with a group, mce ImageNet-C.")
  }
}
