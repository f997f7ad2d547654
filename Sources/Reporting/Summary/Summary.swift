import Basics

/// The measurements of a comparison, grouped so that tables and figures can ask for estimates.
///
/// Every set is judged by its primary metric, the first that was measured on it, unless one is
/// named. Means over sets are over those of one metric (`meanMetric`). Of two measurements of the same thing the later one counts.
public struct Summary: Sendable {
  /// The sets of the table: in distribution, out of distribution, general.
  ///
  /// Within a role they stand as the measurements name them first. Validation sets are left out.
  public let sets: [ScoredSet]
  /// Every method and setting that was measured, in the order of tables.
  public let variants: [Variant]
  /// The methods along their numeric settings.
  public let paths: [SettingPath]
  /// The settings that were chosen on a validation set.
  public let selections: [Selection]
  /// The metric of each set.
  public let metrics: [ScoredSet: Metric]

  /// The sets whose numbers are not fractions, so not shown in per cent.
  let plainNumbers: Set<ScoredSet>
  let scores: [Variant: [ScoredSet: [Int: ResultRow]]]

  /// What was chosen for a method with one seed.
  public struct Selection: Hashable, Sendable {
    public var variant: Variant
    public var seed: Int
    /// The set it was chosen on.
    public var set: String
  }

  /// Groups measurements.
  ///
  /// - Parameter metric: The one metric to look at; the default is each set's primary one.
  public init(_ measurements: [ResultRow], metric: String? = nil) {
    var named: [ScoredSet: String] = [:]
    for row in measurements {
      let set = ScoredSet(name: row.set, role: row.role)
      if named[set] == nil { named[set] = metric ?? row.metric }
    }
    let rows = measurements.filter {
      named[ScoredSet(name: $0.set, role: $0.role)] == $0.metric
    }
    var scores: [Variant: [ScoredSet: [Int: ResultRow]]] = [:]
    var order: [ScoredSet] = []
    var selections: Set<Selection> = []
    var seen: Set<ScoredSet> = []
    for row in rows {
      let set = ScoredSet(name: row.set, role: row.role)
      if seen.insert(set).inserted { order.append(set) }
      let variant = Variant(of: row)
      scores[variant, default: [:]][set, default: [:]][row.seed] = row
      guard let chosenOn = row.selectedOn else { continue }
      let chosen = Variant(method: variant.method, run: variant.run, isSelected: true)
      scores[chosen, default: [:]][set, default: [:]][row.seed] = row
      selections.insert(Selection(variant: variant, seed: row.seed, set: chosenOn))
    }
    let roles: [ResultRow.Role] = [.inDistribution, .outOfDistribution, .general]
    self.scores = scores
    self.sets = roles.flatMap { role in order.filter { $0.role == role } }
    self.variants = scores.keys.sorted()
    self.paths = SettingPath.paths(among: variants)
    self.selections = selections.sorted {
      $0.seed == $1.seed ? $0.variant < $1.variant : $0.seed < $1.seed
    }
    self.metrics = named.mapValues(Metric.init)
    // A metric that ever leaves [-1, 1] is no fraction, whatever its name.
    let others = rows.filter { row in
      ["nll", "loss"].contains(row.metric) || (abs(row.value) > 1 && row.value.isFinite)
    }
    self.plainNumbers = Set(others.map { ScoredSet(name: $0.set, role: $0.role) })
  }

  /// The metric that means over sets are of: top-1 where a set has it, else the first set's.
  public var meanMetric: Metric? {
    let known = sets.compactMap { metrics[$0] }
    return known.contains(.top1) ? .top1 : known.first
  }

  /// Whether all sets are judged by one metric.
  var hasOneMetric: Bool { Set(sets.compactMap { metrics[$0] }).count == 1 }

  /// The sets of one role whose numbers can be averaged: those with `meanMetric`.
  public func averagedSets(_ role: ResultRow.Role) -> [ScoredSet] {
    sets(role).filter { metrics[$0] == meanMetric }
  }

  /// Whether what is averaged is a fraction of which more is better, so that points can be gained.
  var hasScores: Bool {
    guard let meanMetric else { return true }
    return !meanMetric.lowerIsBetter && !plainNumbers.contains { metrics[$0] == meanMetric }
  }

  /// The sets of one role.
  public func sets(_ role: ResultRow.Role) -> [ScoredSet] {
    sets.filter { $0.role == role }
  }

  /// The rows of the main table.
  ///
  /// Of each method the plain setting, interpolation at α = 0.5, and what validation chose; all
  /// settings of a method that has none of these.
  public var mainVariants: [Variant] {
    let groups = Dictionary(grouping: variants) { Variant(method: $0.method, run: $0.run) }
    return groups.values.flatMap { group in
      let main = group.filter { $0.isSelected || $0.setting.isEmpty || $0.alpha == 0.5 }
      let shown = main.filter { variant in
        // A plain row that was itself chosen would be there twice.
        variant.isSelected || !main.contains { $0.isSelected && scores[$0] == scores[variant] }
          || !variant.setting.isEmpty
      }
      return shown.isEmpty ? group : shown
    }.sorted()
  }

  /// A variant as a reader would say it; for a chosen setting with what was chosen.
  public func label(_ variant: Variant) -> String {
    guard variant.isSelected else { return variant.label }
    let chosen = selections.map(\.variant).filter {
      $0.method == variant.method && $0.run == variant.run
    }
    let keys = Set(chosen.flatMap(\.setting.keys)).sorted()
    let parts = keys.map { key in
      let values = Set(chosen.compactMap { $0.setting[key] })
      let texts = values.sorted { ($0.double ?? 0, $0.text()) < ($1.double ?? 0, $1.text()) }
        .map(NumberText.setting)
      let ends = texts.count > 1 ? [texts[0], texts[texts.count - 1]] : texts
      return "\(variant.keyLabel(key)) = \(ends.joined(separator: "–"))"
    }
    let text = ([variant.methodLabel] + parts).joined(separator: " ")
    return variant.inRun(keys.isEmpty ? text : text + " (chosen)")
  }
}
