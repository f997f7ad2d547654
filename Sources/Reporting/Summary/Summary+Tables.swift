import Basics

extension Summary {
  /// One or several sets as a column of a table.
  struct Group {
    var title: String
    /// The name for files.
    var key: String
    var sets: [ScoredSet]
    var marksBest = false
  }

  /// The comparison as the paper has it: a row for each method, a column for each set.
  ///
  /// Per cent with one decimal; the best in-distribution and mean out-of-distribution are marked.
  public var mainTable: Table {
    let rows = mainVariants
    let mixed = hasSeveralSeeds(rows)
    return table(firstColumn: "Method", rows: rows, groups: groups) { variant in
      self.label(variant) + (mixed && self.isOverImages(variant) ? " †" : "")
    }
  }

  /// A method along one of its settings: a row for each value, with what selection saw.
  public func table(along path: SettingPath) -> Table {
    let seen = sets(.validation).map { Group(title: title($0), key: $0.name, sets: [$0]) }
    return table(
      firstColumn: path.keyLabel, rows: path.points.map(\.variant), groups: seen + groups
    ) { variant in
      NumberText.setting(variant.setting[path.key] ?? .null)
    }
  }

  /// The main table as plain numbers for a spreadsheet or a script.
  ///
  /// A column with the mean (per cent, one decimal) and one with half the 95 % interval for each
  /// set; `interval` says whether that is over seeds or over images.
  public var numbersTable: Table {
    var columns = [
      Table.Column("method", alignment: .left), Table.Column("label", alignment: .left),
      Table.Column("seeds"), Table.Column("interval", alignment: .left),
    ]
    columns += groups.flatMap { [Table.Column($0.key), Table.Column($0.key + " half-ci95")] }
    let rows = mainVariants.map { variant -> [Table.Cell] in
      let seeds = scores[variant]?.values.map(\.count).max() ?? 0
      let numbers = groups.flatMap { group -> [Table.Cell] in
        let estimate = self.estimate(variant, over: group.sets)
        return [estimate?.mean, estimate?.halfWidth].map { number($0, group) }
      }
      return [
        Table.Cell(variant.method), Table.Cell(label(variant)),
        Table.Cell(String(seeds), number: Double(seeds)),
        Table.Cell(isOverImages(variant) ? "images" : "seeds"),
      ] + numbers
    }
    return Table(columns: columns, rows: rows)
  }

  /// What each method gains over a base method, paired by seed; nil if there is nothing to compare.
  public func gainTable(over method: String) -> Table? {
    let groups = [
      Group(title: "ID", key: "id", sets: averagedSets(.inDistribution)),
      Group(title: "OOD mean", key: "ood", sets: averagedSets(.outOfDistribution)),
      Group(title: "General", key: "general", sets: averagedSets(.general)),
    ].filter { !$0.sets.isEmpty }
    let columns = [Table.Column("Method", alignment: .left)] + groups.map { Table.Column($0.title) }
    let rows = mainVariants.compactMap { variant -> [Table.Cell]? in
      guard let base = base(method, for: variant), base != variant else { return nil }
      let gains = groups.map { (gain(of: variant, over: base, on: $0.sets), isFraction($0)) }
      guard gains.contains(where: { $0.0 != nil }) else { return nil }
      return [Table.Cell(label(variant))]
        + gains.map { Table.Cell(NumberText.estimate($0.0, isFraction: $0.1, sign: true)) }
    }
    return rows.isEmpty ? nil : Table(columns: columns, rows: rows)
  }

  /// The columns: ID sets, OOD sets, the mean of those of one metric, general sets.
  var groups: [Group] {
    func single(_ set: ScoredSet) -> Group {
      Group(
        title: title(set), key: key(set.name, metrics[set]), sets: [set],
        marksBest: set.role == .inDistribution)
    }
    let averaged = averagedSets(.outOfDistribution)
    let mean = Group(
      title: "OOD mean" + suffix(meanMetric), key: key("ood-mean", meanMetric),
      sets: averaged, marksBest: true)
    return sets(.inDistribution).map(single) + sets(.outOfDistribution).map(single)
      + (averaged.isEmpty ? [] : [mean]) + sets(.general).map(single)
  }

  /// The name of a metric behind a heading, unless it is top-1.
  private func suffix(_ metric: Metric?) -> String {
    metric.map { $0 == .top1 ? "" : " \($0.name)" } ?? ""
  }

  /// The name of a column for programs, which always says the metric: `sketch top1`.
  private func key(_ name: String, _ metric: Metric?) -> String {
    metric.map { "\(name) \($0.name)" } ?? name
  }

  /// One table for each metric that is not the primary one of its set, with the metric's title.
  public static func furtherTables(
    _ measurements: [ResultRow]
  ) -> [(title: String, table: Table)] {
    let primary = Summary(measurements).metrics
    let others = Set(
      measurements.filter { row in
        row.role != .validation
          && primary[ScoredSet(name: row.set, role: row.role)]?.name != row.metric
      }.map(\.metric))
    return others.sorted().map { name in
      (Metric(name).title, Summary(measurements, metric: name).mainTable)
    }
  }

  func isFraction(_ group: Group) -> Bool {
    plainNumbers.isDisjoint(with: group.sets)
  }

  func isOverImages(_ variant: Variant) -> Bool {
    let estimates = groups.compactMap { estimate(variant, over: $0.sets) }
    return !estimates.contains { $0.basis != .images }
  }

  func hasSeveralSeeds(_ variants: [Variant]) -> Bool {
    variants.contains { !isOverImages($0) }
  }

  private func table(
    firstColumn: String, rows: [Variant], groups: [Group], label: (Variant) -> String
  ) -> Table {
    let best = groups.map { $0.marksBest ? self.best(among: rows, over: $0.sets) : [] }
    return Table(
      columns: [Table.Column(firstColumn, alignment: .left)]
        + groups.map { Table.Column($0.title) },
      rows: rows.map { variant in
        [Table.Cell(label(variant))]
          + zip(groups, best).map { group, best in
            let estimate = self.estimate(variant, over: group.sets)
            return Table.Cell(
              NumberText.estimate(estimate, isFraction: isFraction(group)),
              isBest: best.contains(variant))
          }
      })
  }

  private func number(_ value: Double?, _ group: Group) -> Table.Cell {
    guard let value, value.isFinite else { return Table.Cell(value == nil ? "" : "nan") }
    let text = NumberText.score(value, isFraction: isFraction(group)).replacing("−", with: "-")
    return Table.Cell(text, number: isFraction(group) ? 100 * value : value)
  }
}
