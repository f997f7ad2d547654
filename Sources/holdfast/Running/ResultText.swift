import Basics
import Benchmarks
import FeatureProtection
import Foundation
import Reporting

/// Results in the formats of `--format`.
struct ResultText {
  let rows: [ResultRow]
  private let published: [ModelComparison.Published]

  /// - Parameter published: What others published of the models of some rows.
  init(_ rows: [ResultRow], published: [ModelComparison.Published] = []) {
    self.rows = rows
    self.published = published
  }

  /// The table of a comparison, or its rows as JSON.
  func comparison(_ format: OutputFormat) throws(HoldfastError) -> String {
    let summary = Summary(rows)
    switch format {
    case .table:
      return summary.mainTable.text + "\n" + summary.caption.joined(separator: " ") + "\n"
    case .markdown:
      return summary.mainTable.markdown + "\n" + summary.caption.joined(separator: " ") + "\n"
    case .csv: return summary.numbersTable.csv
    case .json: return try json()
    }
  }

  /// One line a number: model or method, set, metric, value, images, interval.
  ///
  /// - Parameters:
  ///   - title: The first column's.
  ///   - settings: Keys of settings that get a column of their own.
  ///   - extra: Further members of a row in JSON.
  func list(
    _ format: OutputFormat, title: String = "model", settings: [String] = [],
    extra: (ResultRow) -> [String: JSONValue] = { _ in [:] }
  ) throws(HoldfastError) -> String {
    if format == .json { return try json(extra) }
    // People read per cent, programs fractions.
    let isForPeople = format != .csv
    let hasSkipped = rows.contains { $0.skipped != nil }
    let hasGroups = rows.contains { $0.group != nil }
    let hasConditions = rows.contains { $0.data != nil }
    var columns = [Table.Column(title, alignment: .left)]
    columns += settings.map { Table.Column($0) }
    columns += ["set", "role", "metric"].map { Table.Column($0, alignment: .left) }
    columns += ["value", "n"].map { Table.Column($0) }
    columns += isForPeople ? [Table.Column("95 %")] : [Table.Column("low"), Table.Column("high")]
    if !published.isEmpty { columns.append(Table.Column("published")) }
    if hasSkipped { columns.append(Table.Column("skipped")) }
    if hasGroups { columns.append(Table.Column("group", alignment: .left)) }
    if hasConditions { columns.append(Table.Column("data", alignment: .left)) }
    var table = Table(columns: columns)
    for row in rows {
      var cells = [Table.Cell(row.method)]
      cells += settings.map { Table.Cell(row.setting[$0]?.text() ?? "") }
      cells += [Table.Cell(row.set), Table.Cell(row.role.rawValue), Table.Cell(row.metric)]
      cells += [Table.Cell(Self.number(row.value, isForPeople)), Table.Cell(String(row.n))]
      let ends = row.ci95.map { Self.number($0, isForPeople) }
      cells += isForPeople ? [Table.Cell(ends.joined(separator: "–"))] : ends.map { Table.Cell($0) }
      if !published.isEmpty {
        cells.append(
          Table.Cell(published(of: row).map { Self.number($0.value, isForPeople) } ?? ""))
      }
      if hasSkipped { cells.append(Table.Cell(row.skipped.map(String.init) ?? "")) }
      if hasGroups { cells.append(Table.Cell(row.group ?? "")) }
      if hasConditions { cells.append(Table.Cell(Self.conditions(of: row))) }
      table.append(cells)
    }
    return Self.text(table, format)
  }

  /// What others published of a row.
  private func published(of row: ResultRow) -> ModelComparison.Published? {
    guard row.metric == DatasetMetric.top1.rawValue else { return nil }
    return published.first { $0.model == row.method && $0.set == row.set }
  }

  /// A table in a format.
  static func text(_ table: Table, _ format: OutputFormat) -> String {
    switch format {
    case .table: return table.text
    case .markdown: return table.markdown
    case .csv: return table.csv
    case .json: return table.json
    }
  }

  /// What a row says of its data: "border=2 missing=12".
  private static func conditions(of row: ResultRow) -> String {
    (row.data ?? [:]).sorted { $0.key < $1.key }
      .map { "\($0.key)=\($0.value.string ?? $0.value.text())" }.joined(separator: " ")
  }

  private static func number(_ value: Double, _ isPerCent: Bool) -> String {
    isPerCent ? String(format: "%.1f", 100 * value) : "\(value)"
  }

  /// The rows as a JSON array, one a line.
  private func json(
    _ extra: (ResultRow) -> [String: JSONValue] = { _ in [:] }
  ) throws(HoldfastError) -> String {
    var lines: [String] = []
    for row in rows {
      let value = try JSONValue.parse(ReportWriter.jsonLines([row]), source: "a result")
      var members = (value.object ?? [:]).merging(extra(row)) { $1 }
      if let published = published(of: row) {
        members["published"] = .object([
          "value": .number(published.value), "model": .string(published.release.name),
          "source": .string(KnownRelease.source),
        ])
      }
      lines.append(JSONValue.object(members).text())
    }
    return "[\n" + lines.joined(separator: ",\n") + "\n]\n"
  }
}
