import Basics

/// What can be measured on a data set; never a bare "accuracy".
public enum DatasetMetric: String, Hashable, Sendable, CaseIterable {
  /// The fraction of images whose highest logit is the right class's.
  case top1
  /// The fraction whose right class is among the five highest logits.
  case top5
  /// `top1` where the logits of the whole `ClassMap` list compete, not those of the set's classes.
  case top1OfAll = "top1-of-all"
  /// The mean over classes of the fraction of their images answered right.
  case meanPerClass = "mean-per-class"
  /// The mean over classes of the harmonic mean of precision and recall (WILDS' iWildCam).
  case macroF1 = "macro-f1"
  /// The lowest `top1` of a group of images (WILDS' FMoW: of a region).
  case worstGroup = "worst-group"
  /// The mean over corruptions of the error relative to AlexNet's (ImageNet-C).
  case mCE = "mce"

  /// The metrics of a list of names, as `--metrics` and the configuration key `metrics` take them.
  ///
  /// - Throws: `HoldfastError` of kind `usage` for an unknown name, with the nearest known one, a
  ///   name that comes twice, or no name at all.
  public static func named(_ names: [String]) throws(HoldfastError) -> [DatasetMetric] {
    let known = allCases.map(\.rawValue)
    var found: [DatasetMetric] = []
    for name in names {
      guard let metric = DatasetMetric(rawValue: name) else {
        let near = nearestName(to: name, among: known).map { "Did you mean \($0)? " } ?? ""
        throw .usage(
          "there is no metric '\(name)'",
          remedy: "\(near)Metrics are \(known.joined(separator: ", ")).")
      }
      guard !found.contains(metric) else {
        throw .usage("the metric \(name) is named twice", remedy: "Name each metric once.")
      }
      found.append(metric)
    }
    guard !found.isEmpty else {
      throw .usage("no metric is named", remedy: "Name some of \(known.joined(separator: ", ")).")
    }
    return found
  }
}

extension Dataset {
  /// Whether a metric says something about this set.
  ///
  /// `top5` needs more than five classes, `top1-of-all` a `classMap`, `worst-group` images with a
  /// group, `mce` a corruption of ImageNet-C at all severities, which names it itself.
  public func supports(_ metric: DatasetMetric) -> Bool {
    switch metric {
    case .top1, .meanPerClass, .macroF1: return true
    case .top5: return classes.count > 5
    case .top1OfAll: return classMap != nil
    case .worstGroup: return samples.contains { $0.group != nil }
    case .mCE: return metrics.contains(.mCE)
    }
  }
}
