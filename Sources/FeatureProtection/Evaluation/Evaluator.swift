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
  private let frozen: FrozenFeatures?

  /// - Parameter reference: A classifier that others may share the tower of; its features are kept,
  ///   so that these are scored by their heads alone.
  public init(
    preprocessing: Preprocessing, batchSize: Int = 128, store: PixelStore = PixelStore(),
    reference: ImageClassifier? = nil, context: RunContext = RunContext()
  ) {
    self.preprocessing = preprocessing
    self.batchSize = batchSize
    self.store = store
    self.context = context
    frozen = reference.map { FrozenFeatures($0) }
  }

  /// The answers of each candidate, in their order.
  public func predictions(
    of candidates: [Candidate], on set: EvaluationSet
  ) throws -> [Predictions] {
    if candidates.count == 1, let frozen, FastPaths.areOn {
      let classifier = try candidates[0].make()
      let head = try set.ownHead ?? classifier.head()
      if frozen.takes(set.dataset.samples.count, head.features),
        try frozen.hasTower(of: classifier)
      {
        return [try predictions(of: head, over: classifier, on: set, frozen)]
      }
    }
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
      let shared = try candidates.count > 1 ? normalized(block, normalizer) : nil
      for (index, candidate) in candidates.enumerated() {
        let classifier = try candidate.make()
        let tower = try VisionTower(classifier.architecture, classifier.weights)
        let head = try set.ownHead ?? classifier.head()
        for (place, batch) in block.enumerated() where batch.count > 0 {
          try context.stop.check()
          let own = batch.positions.map { labels[$0] }
          let pixels = shared.flatMap { $0[place] }
          try score(batch.positions, own, set, columns, &results[index]) {
            () throws(HoldfastError) in
            if let pixels { return try head(tower(pixels, head.features)) }
            return try head(tower(normalizer(batch), head.features))
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

  /// The pixels of a block for several candidates, where as floats they take little memory; else nil.
  private func normalized(
    _ block: [PixelBatch], _ normalizer: PixelNormalizer
  ) throws(HoldfastError) -> [Tensor?]? {
    let size = preprocessing.cropSize
    let bytes = block.reduce(0) { $0 + $1.count } * 3 * size * size * 4
    guard FastPaths.areOn, bytes <= 64 << 20 else { return nil }
    return try context.evaluating { () throws(HoldfastError) in
      var pixels: [Tensor?] = []
      for batch in block { pixels.append(batch.count > 0 ? try normalizer(batch) : nil) }
      return pixels
    }
  }

  /// The answers of one classifier.
  public func predictions(
    of classifier: ImageClassifier, on set: EvaluationSet
  ) throws -> Predictions {
    try predictions(of: [Candidate(classifier)], on: set)[0]
  }

  /// The answers of a head on features of the frozen tower, which are computed where they are not
  /// known.
  private func predictions(
    of head: ClassificationHead, over classifier: ImageClassifier, on set: EvaluationSet,
    _ frozen: FrozenFeatures
  ) throws -> Predictions {
    let key = FrozenFeatures.Key(
      images: ImageList(set.dataset), preprocessing: preprocessing, batchSize: batchSize,
      precision: context.precision, skipBad: context.skipBad, features: head.features)
    let entry = try frozen[key] ?? features(of: classifier, on: set, head.features)
    frozen.keep(entry, key)
    let labels = set.labels
    let columns = set.columns.map { ClassColumns($0) }
    var result = Predictions(skipped: entry.skipped)
    for batch in entry.batches {
      try context.stop.check()
      try score(batch.positions, batch.positions.map { labels[$0] }, set, columns, &result) {
        () throws(HoldfastError) in try head(batch.features)
      }
    }
    return result
  }

  /// The features of a classifier's tower for a whole set.
  private func features(
    of classifier: ImageClassifier, on set: EvaluationSet, _ kind: HeadFeatures
  ) throws -> FrozenFeatures.Entry {
    var entry = FrozenFeatures.Entry()
    var done = 0
    let tower = try VisionTower(classifier.architecture, classifier.weights)
    let normalizer = try PixelNormalizer(preprocessing, device: context.device)
    try store.forEachBlock(
      of: set.dataset, preprocessing: preprocessing, batchSize: batchSize, context
    ) { block in
      for batch in block {
        try context.stop.check()
        entry.skipped += batch.skipped.count
        guard batch.count > 0 else { continue }
        let features = try context.evaluating { () throws(HoldfastError) in
          try tower(normalizer(batch), kind)
        }
        entry.batches.append(
          FrozenFeatures.Batch(positions: batch.positions, features: features))
        done += batch.count
        try context.report(
          .progress("Scoring \(set.name)", done: done, total: set.dataset.samples.count, loss: nil))
      }
    }
    return entry
  }

  /// Adds the answers for a batch: what the set's metrics need of its logits.
  private func score(
    _ positions: [Int], _ labels: [Int], _ set: EvaluationSet, _ columns: ClassColumns?,
    _ result: inout Predictions, logits: () throws(HoldfastError) -> Tensor
  ) throws(HoldfastError) {
    let needsTop5 = set.metrics.contains(.top5)
    let needsAll = set.metrics.contains(.top1OfAll)
    let (best, five, all) = try context.evaluating { () throws(HoldfastError) in
      let logits = try logits()
      let own = try columns?.reduced(logits) ?? logits
      let best = try own.argmax().elements(as: Int64.self)
      let count = min(5, own.shape.last ?? 0)
      let five = needsTop5 ? try own.top(count).positions.elements(as: Int64.self) : []
      let all = needsAll && columns != nil ? try logits.argmax().elements(as: Int64.self) : best
      return (best, five, all)
    }
    context.ledger?.add(positions.count, .scored)
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
      result.groups += positions.map { set.dataset.samples[$0].group }
    }
  }
}
