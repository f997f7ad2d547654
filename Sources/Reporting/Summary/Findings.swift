import Basics

/// What the numbers say, in three sentences a newcomer understands.
///
/// A change is called a gain or a loss only if its 95 % confidence interval leaves out zero.
public struct Findings: Sendable {
  private let summary: Summary

  public init(_ summary: Summary) {
    self.summary = summary
  }

  /// What fine-tuning does, what interpolation does, which method is best; none for metrics that
  /// are not scores.
  public var sentences: [String] {
    guard summary.hasScores else { return [] }
    return [fineTuning, interpolation, winners].compactMap { $0 }
  }

  private var fineTuning: String {
    guard let tuned = plain("full"), let reference = plain("zero-shot") else {
      return "Zero-shot and full fine-tuning were not both measured, so this page cannot say what "
        + "plain fine-tuning gains and loses."
    }
    let (inside, outside) = gains(of: tuned, over: reference)
    guard let outside else {
      guard let inside else { return "Zero-shot and full fine-tuning share no measured set." }
      return "Full fine-tuning \(change(inside)) in distribution against zero-shot; out of "
        + "distribution the two were not measured."
    }
    let start = "Full fine-tuning \(both(inside, outside)) against zero-shot."
    if outside.isClear, outside.mean < 0 { return start }
    return start + " A loss of robustness through plain fine-tuning does not show here."
  }

  private var interpolation: String? {
    let candidates = summary.mainVariants.filter { $0.method == "wise-ft" }
    guard let wise = candidates.first(where: { $0.alpha == 0.5 }) ?? candidates.last,
      let tuned = summary.base("full", for: wise)
    else { return nil }
    let (inside, outside) = gains(of: wise, over: tuned)
    guard inside != nil || outside != nil else { return nil }
    var text = "Against full fine-tuning, \(summary.label(wise)) \(both(inside, outside))."
    if let outside, !(outside.isClear && outside.mean > 0) {
      text += " A gain out of distribution through interpolation does not show here."
    }
    return text
  }

  private var winners: String? {
    let rows = summary.mainVariants
    guard rows.count > 1 else { return nil }
    let parts = [
      best(rows, .inDistribution, "in distribution"),
      best(rows, .outOfDistribution, "out of distribution"),
    ].compactMap { $0 }
    guard !parts.isEmpty else { return nil }
    let text = "Best \(parts.joined(separator: "; best "))."
    guard let tuned = plain("full"), let reference = plain("zero-shot"),
      let full = mean(tuned, .inDistribution), let zero = mean(reference, .outOfDistribution)
    else { return text }
    let winners = rows.filter { variant in
      guard variant.method != "full", let inside = mean(variant, .inDistribution),
        let outside = mean(variant, .outOfDistribution)
      else { return false }
      return inside >= full && outside > zero
    }
    let end =
      winners.isEmpty
      ? "No method both reaches full fine-tuning in distribution and beats zero-shot out of it."
      : "Mean \(metric) at least that of full fine-tuning in distribution and above zero-shot out "
        + "of it: \(winners.map(summary.label).joined(separator: "; "))."
    return "\(text) \(end)"
  }

  /// What is averaged, within a sentence.
  private var metric: String {
    let metric = summary.meanMetric ?? .top1
    return metric == .top1 ? "top-1 accuracy" : metric.name
  }

  private func plain(_ method: String) -> Variant? {
    summary.variants.first { $0.method == method && $0.setting.isEmpty }
  }

  private func mean(_ variant: Variant, _ role: ResultRow.Role) -> Double? {
    summary.estimate(variant, over: summary.averagedSets(role))?.mean
  }

  private func gains(of variant: Variant, over base: Variant) -> (Estimate?, Estimate?) {
    (
      summary.gain(of: variant, over: base, on: summary.averagedSets(.inDistribution)),
      summary.gain(of: variant, over: base, on: summary.averagedSets(.outOfDistribution))
    )
  }

  private func best(
    _ rows: [Variant], _ role: ResultRow.Role, _ place: String
  ) -> String? {
    let sets = summary.averagedSets(role)
    let best = summary.best(among: rows, over: sets)
    guard let first = rows.first(where: best.contains),
      let estimate = summary.estimate(first, over: sets)
    else { return nil }
    let names = rows.filter(best.contains).map(summary.label).joined(separator: ", ")
    return "\(place): \(names) (\(NumberText.estimate(estimate, isFraction: true)))"
  }

  private func both(_ inside: Estimate?, _ outside: Estimate?) -> String {
    let parts = [
      inside.map { "\(change($0)) in distribution" },
      outside.map { "\(change($0)) out of distribution" },
    ].compactMap { $0 }
    return parts.joined(separator: " and ")
  }

  /// "gains 20.9 points", "loses 2.6 points" or "shows no clear change (+0.3 ± 0.9 points)".
  private func change(_ estimate: Estimate) -> String {
    guard estimate.mean.isFinite else { return "gives no finite number" }
    let points = NumberText.score(abs(estimate.mean), isFraction: true)
    guard estimate.isClear else {
      let text = NumberText.estimate(estimate, isFraction: true, sign: true)
      return "shows no clear change (\(text) points)"
    }
    return estimate.mean > 0 ? "gains \(points) points" : "loses \(points) points"
  }
}
