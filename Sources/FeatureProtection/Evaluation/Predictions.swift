import Basics

/// What a model answered for each image of a set.
public struct Predictions: Sendable, Hashable {
  /// The class of the highest logit, for each image that was scored.
  public var predicted: [Int]
  /// The right class of the same images.
  public var labels: [Int]
  /// Whether the right class is among the five of the highest logits; empty unless `top5` is asked.
  public var isInTop5: [Bool]
  /// Whether the highest logit of the whole head is one of the right class's; empty unless
  /// `top1-of-all` is asked.
  public var isRightOfAll: [Bool]
  /// What each image is counted in; empty unless `worst-group` is asked.
  public var groups: [String?]
  /// How many images were left out because they do not decode.
  public var skipped: Int

  public init(
    predicted: [Int] = [], labels: [Int] = [], isInTop5: [Bool] = [], isRightOfAll: [Bool] = [],
    groups: [String?] = [], skipped: Int = 0
  ) {
    self.predicted = predicted
    self.labels = labels
    self.isInTop5 = isInTop5
    self.isRightOfAll = isRightOfAll
    self.groups = groups
    self.skipped = skipped
  }

  public var count: Int { labels.count }

  public var correctCount: Int { zip(predicted, labels).count { $0 == $1 } }

  /// The fraction of images whose highest logit is the right class's; 0 without images.
  public var top1: Double { Proportion(correctCount, of: count).value }

  /// The mean over classes that occur of the fraction of their images answered right; 0 without
  /// images.
  public var meanPerClass: Double {
    let confusion = Confusion(predicted: predicted, labels: labels)
    return confusion.meanPerClass(confusion.counts)
  }

  /// The mean over classes that occur of F1, 2·TP / (2·TP + FP + FN); 0 without images.
  ///
  /// `sklearn.metrics.f1_score(average="macro", labels=unique(y_true))`, as WILDS scores iWildCam.
  public var macroF1: Double {
    let confusion = Confusion(predicted: predicted, labels: labels)
    return confusion.macroF1(confusion.counts)
  }

  /// The 95 % interval of `top1` over images, low and high; 0 and 1 without images.
  public var interval: [Double] { Proportion(correctCount, of: count).interval }
}
