import Basics

extension Summary {
  /// The sentences under the main table: what the numbers are and what was chosen.
  public var caption: [String] {
    let rows = mainVariants
    guard !rows.isEmpty, !sets.isEmpty else { return ["Nothing was measured."] }
    let names = Set(sets.compactMap { metrics[$0] }).sorted { $0.name < $1.name }.map(\.title)
    let unit = plainNumbers.isEmpty ? " in per cent" : " (fractions in per cent)"
    var sentences = ["\(names.joined(separator: ", "))\(unit)."]
    sentences.append(intervalSentence(rows))
    let shifted = averagedSets(.outOfDistribution).count
    if shifted > 1 {
      let all = shifted == sets(.outOfDistribution).count
      let which = all ? "" : " of \(meanMetric?.name ?? "")"
      sentences.append("OOD mean: over \(shifted) sets\(which) with equal weight.")
    }
    let shownBest = mainTable.rows.contains { $0.contains { $0.isBest } }
    if shownBest { sentences.append("Marked: best ID and best OOD mean.") }
    if mainTable.rows.contains(where: { $0.contains { $0.text == "–" } }) {
      sentences.append("“–”: not measured.")
    }
    if mainTable.rows.contains(where: { $0.contains { $0.text == "nan" } }) {
      sentences.append("“nan”: the run gave no finite number.")
    }
    return sentences + selectionSentences
  }

  /// How a set is called in a column or axis: without its folder where that is not needed.
  func title(_ set: ScoredSet) -> String {
    var name = shortName(set.name)
    if set.role == .inDistribution { name += " (ID)" }
    if set.role == .general { name += " (general)" }
    if let metric = metrics[set], metric != .top1 || Set(metrics.values).count > 1 {
      name += " \(metric.name)"
    }
    return name
  }

  /// The last part of a path-like name, if that tells all sets apart.
  private func shortName(_ name: String) -> String {
    func last(_ name: String) -> String {
      name.split(separator: "/").last.map(String.init) ?? name
    }
    let names = Set(sets.map(\.name))
    return Set(names.map(last)).count == names.count ? last(name) : name
  }

  private func intervalSentence(_ rows: [Variant]) -> String {
    let counts = rows.flatMap { variant in
      groups.compactMap { group -> Int? in
        if case .seeds(let count)? = estimate(variant, over: group.sets)?.basis { return count }
        return nil
      }
    }
    guard let least = counts.min(), let most = counts.max() else {
      return "± is half the 95 % confidence interval over images (one run a method)."
    }
    let seeds = least == most ? "\(most) seeds" : "\(least) to \(most) seeds"
    let start = "Mean ± half the 95 % confidence interval over \(seeds) (Student t)"
    return rows.contains(where: isOverImages)
      ? "\(start); † one run, or the same number for every seed: ± is over images."
      : "\(start)."
  }

  private var selectionSentences: [String] {
    let groups = Dictionary(grouping: selections) { [$0.variant.methodLabel, $0.set] }
    return groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, chosen in
      let settings = chosen.map { selection in
        let parts = selection.variant.setting.sorted { $0.key < $1.key }.map {
          "\(selection.variant.keyLabel($0.key)) = \(NumberText.setting($0.value))"
        }
        return "\(parts.joined(separator: ", ")) (seed \(selection.seed))"
      }
      return "\(key[0]) chosen on \(key[1]): \(settings.joined(separator: ", "))."
    }
  }
}
