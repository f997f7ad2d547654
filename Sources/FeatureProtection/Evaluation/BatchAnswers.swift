import Basics
import Torch

/// What is taken of the logits of a batch: no more than its set's metrics need.
struct BatchAnswers: Sendable {
  private let best: [Int64]
  private let five: [Int64]
  private let all: [Int64]
  private let columns: ClassColumns?

  /// - Parameters:
  ///   - logits: `[batch, columns of the head]`.
  ///   - columns: How a set of some of the head's classes reads them.
  init(
    _ logits: Tensor, _ set: EvaluationSet, _ columns: ClassColumns?
  ) throws(HoldfastError) {
    let own = try columns?.reduced(logits) ?? logits
    best = try own.argmax().elements(as: Int64.self)
    five =
      set.metrics.contains(.top5)
      ? try own.top(min(5, own.shape.last ?? 0)).positions.elements(as: Int64.self) : []
    all =
      set.metrics.contains(.top1OfAll) && columns != nil
      ? try logits.argmax().elements(as: Int64.self) : best
    self.columns = columns
  }

  /// Adds them to what is known of the set.
  ///
  /// - Parameter positions: The images of the batch, among the set's samples.
  func add(_ positions: [Int], of set: EvaluationSet, to result: inout Predictions) {
    func label(_ position: Int64) -> Int { columns?.classes[Int(position)] ?? Int(position) }
    let samples = positions.map { set.dataset.samples[$0] }
    let labels = samples.map(\.label)
    result.predicted += best.map(label)
    result.labels += labels
    if set.metrics.contains(.top5) {
      let count = five.count / max(labels.count, 1)
      result.isInTop5 += labels.enumerated().map { row, right in
        five[row * count..<(row + 1) * count].contains { label($0) == right }
      }
    }
    if set.metrics.contains(.top1OfAll) {
      result.isRightOfAll += zip(all, labels).map { column, right in
        columns?.isRight(Int(column), for: right) ?? (Int(column) == right)
      }
    }
    if set.metrics.contains(.worstGroup) { result.groups += samples.map(\.group) }
  }
}
