import Basics

/// What is known about a metric from its name.
public struct Metric: Hashable, Sendable {
  public var name: String

  public init(_ name: String) {
    self.name = name
  }

  /// Whether a smaller number is better: errors, losses and distances.
  public var lowerIsBetter: Bool {
    ["ece", "nll", "loss", "error", "brier", "drift", "mce"].contains(name)
  }

  /// The metric in words, to begin a sentence.
  public var title: String {
    switch name {
    case "top1": return "Top-1 accuracy"
    case "top5": return "Top-5 accuracy"
    case "top1-of-all": return "Top-1 accuracy among all classes of the list"
    case "mean-per-class": return "Mean per-class accuracy"
    case "macro-f1": return "Macro F1"
    case "worst-group": return "Top-1 accuracy of the worst group"
    case "mce": return "Mean corruption error"
    case "ece": return "Expected calibration error"
    case "nll": return "Negative log-likelihood"
    default: return name
    }
  }

  /// The metric that tables take for granted.
  static let top1 = Metric("top1")
}
