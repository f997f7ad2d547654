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
      let head = try set.head(of: classifier)
      if frozen.takes(set.dataset.samples.count, head.features),
        try frozen.hasTower(of: classifier)
      {
        return [try predictions(of: head, over: classifier, on: set, frozen)]
      }
    }
    var results = [Predictions](repeating: Predictions(), count: candidates.count)
    let columns = set.columns.map { ClassColumns($0) }
    let normalizer = try PixelNormalizer(preprocessing, device: context.device)
    let total = set.dataset.samples.count * candidates.count
    var done = 0
    try store.forEachBlock(
      of: set.dataset, preprocessing: preprocessing, batchSize: batchSize, context
    ) { block in
      let skipped = block.reduce(0) { $0 + $1.skipped.count }
      let batches = block.filter { $0.count > 0 }
      let shared = try candidates.count > 1 ? normalized(batches, normalizer) : nil
      for (index, candidate) in candidates.enumerated() {
        let scorer = try BatchScorer(candidate.make(), on: set, columns, normalizer, context)
        try score(batches, shared, scorer) { batch, answers in
          answers.add(batch.positions, of: set, to: &results[index])
          context.ledger?.add(batch.count, .scored)
          done += batch.count
          try context.report(
            .progress("Scoring \(set.name)", done: done, total: total, loss: nil))
        }
        results[index].skipped += skipped
      }
    }
    return results
  }

  /// Answers batches, those of a small model beside each other, and hands their answers on in order.
  private func score(
    _ batches: [PixelBatch], _ shared: [Tensor]?, _ scorer: BatchScorer,
    _ body: (PixelBatch, BatchAnswers) throws -> Void
  ) throws {
    // Between waves of batches a run tells how far it is, and can be stopped.
    let wave = 64
    var first = 0
    while first < batches.count {
      try context.stop.check()
      let start = first
      let count = scorer.concurrentCount(of: min(batches.count - start, wave))
      let answers = try context.timing(.evaluation) { () throws(HoldfastError) in
        if count == 0 { return [try scorer(batches[start], shared?[start])] }
        return try Machine.concurrently(count) { (place) throws(HoldfastError) in
          try scorer(batches[start + place], shared?[start + place])
        }
      }
      for (batch, own) in zip(batches[start...], answers) { try body(batch, own) }
      first += answers.count
    }
  }

  /// The pixels of a block for several candidates, where as floats they take little memory; else nil.
  private func normalized(
    _ block: [PixelBatch], _ normalizer: PixelNormalizer
  ) throws(HoldfastError) -> [Tensor]? {
    let size = preprocessing.cropSize
    let bytes = block.reduce(0) { $0 + $1.count } * 3 * size * size * 4
    guard FastPaths.areOn, bytes <= 64 << 20 else { return nil }
    return try context.evaluating { () throws(HoldfastError) in
      try block.map { (batch) throws(HoldfastError) in try normalizer(batch) }
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
    let columns = set.columns.map { ClassColumns($0) }
    var result = Predictions(skipped: entry.skipped)
    for batch in entry.batches {
      try context.stop.check()
      let answers = try context.evaluating { () throws(HoldfastError) in
        try BatchAnswers(head(batch.features), set, columns)
      }
      answers.add(batch.positions, of: set, to: &result)
      context.ledger?.add(batch.positions.count, .scored)
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
}
