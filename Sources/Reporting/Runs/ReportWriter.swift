import Basics
import Foundation

// Foundation has a type of this name too.
import struct Basics.ResultRow

/// Writes what people and scripts read of a comparison into its run folder.
public struct ReportWriter: Sendable {
  public var title: String
  public var measurements: [ResultRow]
  /// The resolved configuration, for the page.
  public var configuration: String
  /// Versions, device, threads, for the page.
  public var environment: [(String, String)]
  /// Further remarks, a paragraph each.
  public var notes: [String]

  public init(
    title: String, measurements: [ResultRow], configuration: String = "",
    environment: [(String, String)] = [], notes: [String] = []
  ) {
    self.title = title
    self.measurements = measurements
    self.configuration = configuration
    self.environment = environment
    self.notes = notes
  }

  /// Writes `results.jsonl`, `table.md`, `table.csv` and `report.html`, each replaced whole.
  ///
  /// - Throws: `HoldfastError` of kind `cannotWrite`.
  public func write(to folder: String) throws(HoldfastError) {
    try AtomicFile.write(Self.jsonLines(measurements), to: folder + "/results.jsonl")
    try AtomicFile.write(markdown, to: folder + "/table.md")
    try AtomicFile.write(Summary(measurements).numbersTable.csv, to: folder + "/table.csv")
    let page = HTMLReport(
      title: title, measurements: measurements, configuration: configuration,
      environment: environment, notes: notes)
    try AtomicFile.write(page.html, to: folder + "/report.html")
  }

  /// The tables and what they say, as `table.md` has them.
  public var markdown: String {
    let summary = Summary(measurements)
    var blocks = ["# \(title.onOneLine)\n", summary.mainTable.markdown]
    blocks.append(summary.caption.joined(separator: " ") + "\n")
    blocks.append(Findings(summary).sentences.map { "- \($0)\n" }.joined())
    for (method, words) in [("full", "full fine-tuning"), ("zero-shot", "zero-shot")] {
      guard let table = summary.gainTable(over: method) else { continue }
      blocks.append("## Gain over \(words)\n\nPoints, paired by seed.\n\n\(table.markdown)")
    }
    for path in summary.paths {
      let title = "\(path.label) along \(path.keyLabel)"
      blocks.append("## \(title)\n\n\(summary.table(along: path).markdown)")
    }
    for (title, table) in Summary.furtherTables(measurements) {
      blocks.append("## \(title)\n\n\(table.markdown)")
    }
    return blocks.joined(separator: "\n")
  }

  /// Measurements as `results.jsonl` has them: sorted keys, and lines in an order that does not
  /// depend on which method finished first.
  ///
  /// Lines go by method, setting and seed; then by role and by the order in which the input names
  /// the sets. A value that is not finite is written as `"nan"`, `"inf"` or `"-inf"`.
  public static func jsonLines(_ measurements: [ResultRow]) -> Data {
    var places: [String: Int] = [:]
    for row in measurements where places[row.set] == nil { places[row.set] = places.count }
    let roles = ResultRow.Role.allCases
    let keyed = measurements.enumerated().map { index, row in
      let role = roles.firstIndex(of: row.role) ?? 0
      return (
        row: row, variant: Variant(of: row), rest: [row.seed, role, places[row.set] ?? 0, index]
      )
    }
    let sorted = keyed.sorted { left, right in
      if left.variant != right.variant { return left.variant < right.variant }
      return left.rest.lexicographicallyPrecedes(right.rest)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    var data = Data()
    for entry in sorted {
      // Encoding cannot fail: every number that JSON lacks has a string.
      guard let line = try? encoder.encode(entry.row) else { continue }
      data += line
      data.append(UInt8(ascii: "\n"))
    }
    return data
  }
}
