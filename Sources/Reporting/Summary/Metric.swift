import Basics

/// What is known about a metric from its name.
public struct Metric: Hashable, Sendable {
  public var name: String

  public init(_ name: String) {
    self.name = name
  }

  /// Whether a smaller number is better: errors, losses and distances.
  public var lowerIsBetter: Bool {
    ["ece", "nll", "loss", "error", "brier", "drift"].contains(name)
  }

  /// The metric in words, to begin a sentence.
  public var title: String {
    switch name {
    case "top1": return "Top-1 accuracy"
    case "top5": return "Top-5 accuracy"
    case "macro-f1": return "Macro F1"
    case "ece": return "Expected calibration error"
    case "nll": return "Negative log-likelihood"
    default: return name
    }
  }

  /// The metric by which a set is judged: top-1, or the first by name where higher is better.
  static func primary(among names: Set<String>) -> String? {
    if names.contains("top1") { return "top1" }
    let sorted = names.sorted()
    return sorted.first { !Metric($0).lowerIsBetter } ?? sorted.first
  }
}
