import Basics
import CLIP
import Images
import Torch

/// Scores classifiers on sets of images; several classifiers share one pass over the images.
public struct Evaluator {
  /// A classifier that is made when its turn comes.
  ///
  /// Points of an interpolation path share one buffer, so a candidate is only valid until the next
  /// one is made.
  public struct Candidate {
    let make: () throws(HoldfastError) -> ImageClassifier

    public init(_ make: @escaping () throws(HoldfastError) -> ImageClassifier) {
      self.make = make
    }

    /// A classifier that is there already.
    public init(_ classifier: ImageClassifier) {
      make = { () throws(HoldfastError) in classifier }
    }
  }

  public var preprocessing: Preprocessing
  /// Images at once; the default is 128.
  public var batchSize: Int
  public var store: PixelStore
  public var context: RunContext

  public init(
    preprocessing: Preprocessing, batchSize: Int = 128, store: PixelStore = PixelStore(),
    context: RunContext = RunContext()
  ) {
    self.preprocessing = preprocessing
    self.batchSize = batchSize
    self.store = store
    self.context = context
  }

  /// The answers of each candidate, in their order.
  public func predictions(
    of candidates: [Candidate], on set: EvaluationSet
  ) throws -> [Predictions] {
    var results = [Predictions](repeating: Predictions(), count: candidates.count)
    let labels = set.labels
    let columns = set.columns.map { ClassColumns($0) }
    let normalizer = try PixelNormalizer(preprocessing, device: context.device)
    let total = labels.count * candidates.count
    var done = 0
    try store.forEachBlock(
      of: set.dataset, preprocessing: preprocessing, batchSize: batchSize, context
    ) { block in
      let skipped = block.reduce(0) { $0 + $1.skipped.count }
      for (index, candidate) in candidates.enumerated() {
        let classifier = try candidate.make()
        let tower = try VisionTower(classifier.architecture, classifier.weights)
        let head = try set.ownHead ?? classifier.head()
        for batch in block where batch.count > 0 {
          try context.stop.check()
          let own = batch.positions.map { labels[$0] }
          try score(batch, own, set, columns, &results[index]) { () throws(HoldfastError) in
            try head(tower(normalizer(batch), head.features))
          }
          done += batch.count
          try context.report(
            .progress("Scoring \(set.name)", done: done, total: total, loss: nil))
        }
        results[index].skipped += skipped
      }
    }
    return results
  }

  /// The answers of one classifier.
  public func predictions(
    of classifier: ImageClassifier, on set: EvaluationSet
  ) throws -> Predictions {
    try predictions(of: [Candidate(classifier)], on: set)[0]
  }

  /// Adds the answers for a batch: what the set's metrics need of its logits.
  private func score(
    _ batch: PixelBatch, _ labels: [Int], _ set: EvaluationSet, _ columns: ClassColumns?,
    _ result: inout Predictions, logits: () throws(HoldfastError) -> Tensor
  ) throws(HoldfastError) {
    let needsTop5 = set.metrics.contains(.top5)
    let needsAll = set.metrics.contains(.top1OfAll)
    let (best, five, all) = try withoutGradients { () throws(HoldfastError) in
      try withPrecision(context.precision, on: context.device) { () throws(HoldfastError) in
        let logits = try logits()
        let own = try columns?.reduced(logits) ?? logits
        let best = try own.argmax().elements(as: Int64.self)
        let count = min(5, own.shape.last ?? 0)
        let five = needsTop5 ? try own.top(count).positions.elements(as: Int64.self) : []
        let all = needsAll && columns != nil ? try logits.argmax().elements(as: Int64.self) : best
        return (best, five, all)
      }
    }
    func label(_ position: Int64) -> Int { columns?.classes[Int(position)] ?? Int(position) }
    result.predicted += best.map(label)
    result.labels += labels
    if needsTop5 {
      let count = five.count / max(labels.count, 1)
      result.isInTop5 += labels.enumerated().map { row, right in
        five[row * count..<(row + 1) * count].contains { label($0) == right }
      }
    }
    if needsAll {
      result.isRightOfAll += zip(all, labels).map { column, right in
        columns?.isRight(Int(column), for: right) ?? (Int(column) == right)
      }
    }
    if set.metrics.contains(.worstGroup) {
      result.groups += batch.positions.map { set.dataset.samples[$0].group }
    }
  }
}
