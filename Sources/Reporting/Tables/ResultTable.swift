import Basics
import Foundation

// Foundation has a type of this name too.
import struct Basics.ResultRow

/// Results as a list, one a line: model or method, set, metric, value, images, interval.
public struct ResultTable: Sendable {
  public var rows: [ResultRow]
  /// What others published, for a column of its own; none without such numbers.
  public var published: [PublishedNumber]

  public init(_ rows: [ResultRow], published: [PublishedNumber] = []) {
    self.rows = rows
    self.published = published
  }

  /// Who reads a table.
  public enum Reader: Hashable, Sendable {
    /// Per cent, and an interval in one cell.
    case people
    /// Fractions as they are.
    case programs
  }

  /// The list as a table; what no row has gets no column.
  ///
  /// - Parameters:
  ///   - title: The first column's.
  ///   - settings: Keys of settings that get a column of their own.
  public func table(
    for reader: Reader, title: String = "model", settings: [String] = []
  ) -> Table {
    let isForPeople = reader == .people
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
      cells +=
        isForPeople
        ? [Table.Cell(ends.joined(separator: "–"))]
        : [Table.Cell(ends.first ?? ""), Table.Cell(ends.dropFirst().first ?? "")]
      if !published.isEmpty {
        cells.append(
          Table.Cell(published(of: row).map { Self.number($0.value, isForPeople) } ?? ""))
      }
      if hasSkipped { cells.append(Table.Cell(row.skipped.map(String.init) ?? "")) }
      if hasGroups { cells.append(Table.Cell(row.group ?? "")) }
      if hasConditions { cells.append(Table.Cell(Self.conditions(of: row))) }
      table.append(cells)
    }
    return table
  }

  /// The rows as a JSON array, one a line, each with what was published of it as `published`.
  ///
  /// - Parameter extra: Further members of a row, which take the place of its own.
  public func json(
    _ extra: (ResultRow) -> [String: JSONValue] = { _ in [:] }
  ) throws(HoldfastError) -> String {
    var lines: [String] = []
    for row in rows {
      let value = try JSONValue.parse(ReportWriter.jsonLines([row]), source: "a result")
      var members = (value.object ?? [:]).merging(extra(row)) { $1 }
      if let published = published(of: row) {
        members["published"] = .object([
          "value": .number(published.value), "model": .string(published.release),
          "source": .string(published.source),
        ])
      }
      lines.append(JSONValue.object(members).text())
    }
    return "[\n" + lines.joined(separator: ",\n") + "\n]\n"
  }

  private func published(of row: ResultRow) -> PublishedNumber? {
    published.first { $0.isOf(row) }
  }

  /// What a row says of its data: "border=2 missing=12".
  private static func conditions(of row: ResultRow) -> String {
    (row.data ?? [:]).sorted { $0.key < $1.key }
      .map { "\($0.key)=\($0.value.string ?? $0.value.text())" }.joined(separator: " ")
  }

  private static func number(_ value: Double, _ isPerCent: Bool) -> String {
    isPerCent ? String(format: "%.1f", 100 * value) : "\(value)"
  }
}
