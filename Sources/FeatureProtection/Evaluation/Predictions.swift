import Basics

/// What a model answered for each image of a set.
public struct Predictions: Sendable, Hashable {
  /// The class of the highest logit, for each image that was scored.
  public var predicted: [Int]
  /// The right class of the same images.
  public var labels: [Int]
  /// How many images were left out because they do not decode.
  public var skipped: Int

  public init(predicted: [Int] = [], labels: [Int] = [], skipped: Int = 0) {
    self.predicted = predicted
    self.labels = labels
    self.skipped = skipped
  }

  public var count: Int { labels.count }

  public var correctCount: Int { zip(predicted, labels).count { $0 == $1 } }

  /// The fraction of images whose highest logit is the right class's; 0 without images.
  public var top1: Double { count == 0 ? 0 : Double(correctCount) / Double(count) }

  /// The mean over classes that occur of the fraction of their images answered right.
  public var meanPerClass: Double {
    var right: [Int: (hits: Int, all: Int)] = [:]
    for (answer, label) in zip(predicted, labels) {
      right[label, default: (0, 0)].all += 1
      if answer == label { right[label, default: (0, 0)].hits += 1 }
    }
    guard !right.isEmpty else { return 0 }
    return right.values.reduce(0) { $0 + Double($1.hits) / Double($1.all) } / Double(right.count)
  }

  /// The 95 % interval of `top1` over images, low and high; 0 and 1 without images.
  public var interval: [Double] {
    let range = wilsonInterval(top1, count: count) ?? 0...1
    return [range.lowerBound, range.upperBound]
  }
}
