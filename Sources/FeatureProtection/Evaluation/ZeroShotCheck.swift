import Basics
import Benchmarks
import Foundation
import Images

/// Scores a few images of a set before a run, so that wrong labels or a wrong model cost a minute
/// and not a day.
///
/// Up to 200 images, as many of each class as goes, are answered by a model with a zero-shot head.
/// Top-1 below five times chance is suspicious; with fewer than 20 classes, of which that would ask
/// for more than a quarter and up to more than all, top-1 that a binomial test at the 1 % level does
/// not tell from chance.
///
/// With 200 images scored, a suspicious set stops the run where it is a complete copy of a published
/// one, on which every CLIP is far above chance, or one's own with at least 20 classes. Any other
/// with at least 50 images is warned of, and the run goes on: fewer images or classes prove too
/// little, the results of an incomplete copy that was allowed carry that mark, and the labels of the
/// built-in images cannot be wrong.
public struct ZeroShotCheck {
  /// How many images are scored; the least number that a run is stopped for.
  static let imageCount = 200
  /// The least number of images that a warning is given for.
  private static let leastForWarning = 50
  /// The least number of classes for which five times chance is a fair demand.
  private static let leastClasses = 20
  /// How many classes are looked at for the likely cause.
  private static let causeClasses = 20

  private let evaluator: Evaluator
  private let context: RunContext

  public init(preprocessing: Preprocessing, batchSize: Int = 128, context: RunContext) {
    self.context = context
    // Few images, which are not worth keeping.
    evaluator = Evaluator(
      preprocessing: preprocessing, batchSize: batchSize, store: PixelStore(byteLimit: 0),
      context: context)
  }

  /// Scores some images of a set and says the result.
  ///
  /// - Parameters:
  ///   - set: With labels for the classifier's head, or with a head of its own.
  ///   - classifier: A model with a zero-shot head.
  /// - Throws: `HoldfastError` of kind `badData`, with the likely cause, where a set that a run is
  ///   stopped for is answered as if by chance.
  public func callAsFunction(_ set: EvaluationSet, _ classifier: ImageClassifier) throws {
    let answers = try answers(classifier, set, classes: Self.imageCount)
    guard answers.count > 0 else { return }
    let chance = 1 / Double(max(set.answerCount, 1))
    let result =
      "Zero-shot on \(answers.count) images of \(set.name): \(percent(answers.top1)) right "
      + "(chance \(percent(chance)))"
    try context.report(.stage(result))
    guard answers.count >= Self.leastForWarning,
      Self.isSuspicious(hits: answers.correctCount, of: answers.count, classes: set.answerCount)
    else { return }
    // Several images of a class tell a mistaken order of labels from a model that knows nothing.
    let few = try self.answers(classifier, set, classes: Self.causeClasses)
    let cause = LikelyCause(
      predicted: few.predicted, labels: few.labels, names: set.dataset.classes)
    let problem = "\(result); \(cause.words)"
    // A picture that is skipped as damaged does not make the others less sure.
    guard Self.stops(set, drawn: answers.count + answers.skipped) else {
      return try context.report(.warning("\(problem). \(cause.remedy)."))
    }
    throw HoldfastError.badData(problem, remedy: "\(cause.remedy), or go on with --no-check.")
  }

  /// Whether a suspicious set stops the run, as above.
  ///
  /// A model that does not know the built-in images is no mistake.
  private static func stops(_ set: EvaluationSet, drawn count: Int) -> Bool {
    let isIncomplete = set.dataset.conditions["missing"] != nil
    let isBuiltIn = set.dataset.kind == "minidomains"
    guard count >= imageCount, !isIncomplete, !isBuiltIn else { return false }
    let isPublished = set.dataset.expectedImages != nil
    return isPublished || set.answerCount >= leastClasses
  }

  /// Whether so few right answers are no better than guessing, as above.
  static func isSuspicious(hits: Int, of count: Int, classes: Int) -> Bool {
    let chance = 1 / Double(max(classes, 1))
    if classes >= leastClasses { return Double(hits) < 5 * chance * Double(count) }
    return binomialTail(hits, of: count, chance) > 0.01
  }

  /// The probability of at least so many hits where each has the probability `chance`.
  static func binomialTail(_ hits: Int, of count: Int, _ chance: Double) -> Double {
    guard hits > 0, chance < 1 else { return 1 }
    guard hits <= count else { return 0 }
    return (hits...count).reduce(0) { sum, k in
      let choose = lgamma(Double(count + 1)) - lgamma(Double(k + 1)) - lgamma(Double(count - k + 1))
      return sum + exp(choose + Double(k) * log(chance) + Double(count - k) * log1p(-chance))
    }
  }

  private func answers(
    _ classifier: ImageClassifier, _ set: EvaluationSet, classes: Int
  ) throws -> Predictions {
    var part = set
    part.dataset.samples = set.dataset.spread(Self.imageCount, overClasses: classes).map {
      set.dataset.samples[$0]
    }
    return try evaluator.predictions(of: classifier, on: part)
  }

  private func percent(_ fraction: Double) -> String { String(format: "%.1f %%", 100 * fraction) }
}

extension Dataset {
  /// Positions of some samples, in order: as many of each class as goes, by a fixed draw.
  ///
  /// - Parameters:
  ///   - limit: How many samples; all where there are no more.
  ///   - classLimit: The most classes to take them from, evenly spaced among those with images.
  func spread(_ limit: Int, overClasses classLimit: Int) -> [Int] {
    var members: [Int: [Int]] = [:]
    for (position, sample) in samples.enumerated() {
      members[sample.label, default: []].append(position)
    }
    let labels = members.keys.sorted()
    let count = min(classLimit, labels.count)
    let drawn = (0..<count).map { index in
      let label = labels[index * labels.count / count]
      let own = members[label] ?? []
      // Neighbours in a folder are often pictures of one thing.
      var random = CounterRandom(0xC4EC, label)
      return random.permutation(own.count).map { own[$0] }
    }
    var chosen: [Int] = []
    var round = 0
    while chosen.count < limit, drawn.contains(where: { round < $0.count }) {
      chosen += drawn.filter { round < $0.count }.map { $0[round] }.prefix(limit - chosen.count)
      round += 1
    }
    return chosen.sorted()
  }
}
