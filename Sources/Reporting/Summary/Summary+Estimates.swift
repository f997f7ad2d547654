import Basics

extension Summary {
  /// The mean of a variant over some sets, each set with equal weight.
  ///
  /// With two or more seeds the interval is Student's over seeds. With one, or where every seed
  /// gave the same number (a zero-shot model does), it is over images.
  /// - Returns: Nil unless at least one seed was measured on every one of the sets.
  public func estimate(_ variant: Variant, over sets: [ScoredSet]) -> Estimate? {
    let values = valuesBySeed(variant, over: sets)
    guard let (first, value) = values.min(by: { $0.key < $1.key }) else { return nil }
    guard Set(values.values).count > 1 || !value.isFinite else {
      return Estimate(
        mean: value, halfWidth: imageHalfWidth(variant, over: sets, seed: first), basis: .images)
    }
    return Estimate(seeds: values.sorted { $0.key < $1.key }.map(\.value))
  }

  /// The mean difference of two variants, paired by seed.
  ///
  /// A zero-shot model has no seed: its one number is paired with each seed of the other. With a
  /// single pair the interval comes from both intervals over images, taken as independent, which
  /// is too wide rather than too narrow because both saw the same images.
  /// - Returns: Nil unless both have numbers for a common seed on all of the sets.
  public func gain(
    of variant: Variant, over base: Variant, on sets: [ScoredSet]
  ) -> Estimate? {
    let left = valuesBySeed(variant, over: sets)
    let right = valuesBySeed(base, over: sets)
    guard let leftFirst = left.keys.min(), let rightFirst = right.keys.min() else { return nil }
    var seeds = Set(left.keys).intersection(right.keys)
    if variant.method == "zero-shot" { seeds = Set(right.keys) }
    if base.method == "zero-shot" { seeds = Set(left.keys) }
    let differences = seeds.sorted().compactMap { seed -> Double? in
      let a = left[seed] ?? (variant.method == "zero-shot" ? left[leftFirst] : nil)
      let b = right[seed] ?? (base.method == "zero-shot" ? right[rightFirst] : nil)
      guard let a, let b else { return nil }
      return a - b
    }
    if differences.count > 1 { return Estimate(seeds: differences) }
    guard let difference = differences.first, let seed = seeds.first else { return nil }
    let widths = [
      imageHalfWidth(variant, over: sets, seed: left[seed] == nil ? leftFirst : seed),
      imageHalfWidth(base, over: sets, seed: right[seed] == nil ? rightFirst : seed),
    ].compactMap { $0 }
    return Estimate(
      mean: difference, halfWidth: widths.count == 2 ? rootOfSquares(widths) : nil, basis: .images)
  }

  /// The variant that others are compared with: of the same run where there is one.
  public func base(_ method: String, for variant: Variant) -> Variant? {
    let candidates = variants.filter {
      $0.method == method && !$0.isSelected && $0.setting.isEmpty
    }
    return candidates.first { $0.run == variant.run } ?? candidates.first { $0.run == nil }
  }

  /// The variants of a list with the best mean, as shown with one decimal; none if there is but one.
  func best(among variants: [Variant], over sets: [ScoredSet]) -> Set<Variant> {
    let lower = sets.contains { metrics[$0]?.lowerIsBetter == true }
    let shown = variants.compactMap { variant -> (Variant, Double)? in
      guard let mean = estimate(variant, over: sets)?.mean, mean.isFinite else { return nil }
      return (variant, (1000 * mean).rounded())
    }
    guard shown.count > 1 else { return [] }
    let best = lower ? shown.map(\.1).min() : shown.map(\.1).max()
    return Set(shown.filter { $0.1 == best }.map(\.0))
  }

  private func valuesBySeed(_ variant: Variant, over sets: [ScoredSet]) -> [Int: Double] {
    let bySet = sets.map { scores[variant]?[$0] ?? [:] }
    guard let first = bySet.first else { return [:] }
    let complete = first.keys.filter { seed in bySet.allSatisfy { $0[seed] != nil } }
    let means = complete.map { seed in
      (seed, Statistics.mean(bySet.compactMap { $0[seed]?.value }))
    }
    return Dictionary(uniqueKeysWithValues: means)
  }

  /// Half the interval over images of a mean over sets, whose errors are independent.
  private func imageHalfWidth(
    _ variant: Variant, over sets: [ScoredSet], seed: Int
  ) -> Double? {
    let widths = sets.compactMap { scores[variant]?[$0]?[seed]?.imageHalfWidth }
    guard !widths.isEmpty, widths.count == sets.count else { return nil }
    return rootOfSquares(widths) / Double(widths.count)
  }

  private func rootOfSquares(_ widths: [Double]) -> Double {
    widths.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}

extension ResultRow {
  /// Half the interval over images: as recorded, or Wilson's for a top-1 accuracy without one.
  fileprivate var imageHalfWidth: Double? {
    if ci95.count == 2, ci95[0].isFinite, ci95[1].isFinite, ci95[0] <= ci95[1] {
      return (ci95[1] - ci95[0]) / 2
    }
    guard metric == "top1" else { return nil }
    return wilsonInterval(value, count: n).map { ($0.upperBound - $0.lowerBound) / 2 }
  }
}
