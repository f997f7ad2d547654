import Basics
import Reporting

/// Results in the formats of `--format`.
struct ResultText {
  private let results: ResultTable

  /// - Parameter published: What others published of the models of some rows.
  init(_ rows: [ResultRow], published: [PublishedNumber] = []) {
    results = ResultTable(rows, published: published)
  }

  /// The table of a comparison, or its rows as JSON.
  func comparison(_ format: OutputFormat) throws(HoldfastError) -> String {
    let summary = Summary(results.rows)
    switch format {
    case .table:
      return summary.mainTable.text + "\n" + summary.caption.joined(separator: " ") + "\n"
    case .markdown:
      return summary.mainTable.markdown + "\n" + summary.caption.joined(separator: " ") + "\n"
    case .csv: return summary.numbersTable.csv
    case .json: return try results.json()
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
    if format == .json { return try results.json(extra) }
    let reader: ResultTable.Reader = format == .csv ? .programs : .people
    return Self.text(results.table(for: reader, title: title, settings: settings), format)
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
}
