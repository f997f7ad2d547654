import Basics
import CLIP
import Images
import Torch

/// A classifier that is ready to answer batches of one set.
struct BatchScorer: Sendable {
  private let set: EvaluationSet
  private let context: RunContext
  private let tower: VisionTower
  private let head: ClassificationHead
  private let normalizer: PixelNormalizer
  private let columns: ClassColumns?
  private let threads: Int

  init(
    _ classifier: ImageClassifier, on set: EvaluationSet, _ columns: ClassColumns?,
    _ normalizer: PixelNormalizer, _ context: RunContext
  ) throws(HoldfastError) {
    self.set = set
    self.context = context
    self.normalizer = normalizer
    tower = try VisionTower(classifier.architecture, classifier.weights)
    head = try set.head(of: classifier)
    self.columns = columns
    threads = context.threadsOfOwn(parameters: classifier.weights.layout.count)
  }

  /// How many of some batches are answered beside each other: as many as give every thread the same
  /// number.
  ///
  /// A batch of a small model is over in milliseconds, of which much goes to the graph, to operators that
  /// one thread runs and to threads that wait for one another.
  func concurrentCount(of batches: Int) -> Int {
    threads > 1 ? batches / threads * threads : 0
  }

  /// The answers for a batch, on all threads, or within `Machine.concurrently` on one.
  ///
  /// - Parameter pixels: What the normaliser makes of the batch, where that is there already.
  func callAsFunction(
    _ batch: PixelBatch, _ pixels: Tensor? = nil
  ) throws(HoldfastError) -> BatchAnswers {
    try context.inferring { () throws(HoldfastError) in
      let input = if let pixels { pixels } else { try normalizer(batch) }
      return try BatchAnswers(head(tower(input, head.features)), set, columns)
    }
  }
}
