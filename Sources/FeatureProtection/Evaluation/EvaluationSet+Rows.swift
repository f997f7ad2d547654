import Basics
import Benchmarks

extension EvaluationSet {
  /// The number to compare models by: that of the first metric, without an interval.
  public func score(_ answers: Predictions) -> Double {
    switch metrics.first {
    case .macroF1: return answers.macroF1
    case .meanPerClass: return answers.meanPerClass
    case let metric?: return answers.measurement(of: metric)?.value ?? 0
    case nil: return answers.top1
    }
  }

  /// The rows of a model's answers: one for each metric, in the order of `metrics`.
  ///
  /// - Parameters:
  ///   - recipe: The digest of what decides the numbers apart from weights and images.
  ///   - weights: The digest of the weights.
  ///   - countsSkipped: Whether the rows say how many images were left out.
  ///   - training: The conditions of the training set, which the rows carry under `train`.
  public func rows(
    _ answers: Predictions, method: String, setting: [String: JSONValue] = [:], seed: Int = 0,
    recipe: String, weights: String, countsSkipped: Bool, training: [String: JSONValue] = [:]
  ) -> [ResultRow] {
    var data = dataset.conditions
    if !training.isEmpty { data["train"] = .object(training) }
    return metrics.compactMap { metric in
      guard let measured = answers.measurement(of: metric) else { return nil }
      return ResultRow(
        method: method, setting: setting, seed: seed, set: name, role: role,
        metric: metric.rawValue, value: measured.value, n: measured.count, ci95: measured.interval,
        recipe: recipe, weights: weights, skipped: countsSkipped ? answers.skipped : nil,
        group: measured.group, data: data.isEmpty ? nil : data)
    }
  }
}
