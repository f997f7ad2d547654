import Basics
import FeatureProtection
import Foundation
import Reporting

/// The drift between two models in the formats of `--format`.
struct DriftText {
  var from: String
  var to: String
  var features: [(set: String, drift: FeatureDrift, skipped: Int)]
  var weights: [WeightDrift]

  func text(_ format: OutputFormat) -> String {
    switch format {
    case .table: return featureTable.text + "\n" + weightTable.text
    case .markdown: return featureTable.markdown + "\n" + weightTable.markdown
    case .csv: return numbersTable.csv
    case .json: return json.text() + "\n"
    }
  }

  private var featureTable: Table {
    var table = Table(
      columns: [Table.Column("features of", alignment: .left), Table.Column("n")]
        + ["distance", "unit distance", "cosine", "CKA"].map { Table.Column($0) })
    for (set, drift, _) in features {
      table.append(
        [Table.Cell(set), Table.Cell(String(drift.images))]
          + [drift.distance, drift.unitDistance].map { Table.Cell(Self.text($0, decimals: 4)) }
          + [Table.Cell(Self.text(drift.cosine, decimals: 6))]
          + [Table.Cell(drift.cka.map { Self.number($0, decimals: 6) } ?? "–")])
    }
    return table
  }

  private var weightTable: Table {
    var table = Table(columns: [
      Table.Column("weights of", alignment: .left), Table.Column("distance"),
      Table.Column("% of the start"),
    ])
    for part in weights {
      table.append([
        Table.Cell(part.name), Table.Cell(Self.number(part.distance, decimals: 4)),
        Table.Cell(part.relative.map { String(format: "%.3f", 100 * $0) } ?? "–"),
      ])
    }
    return table
  }

  /// One line a number, for programs.
  private var numbersTable: Table {
    var table = Table(
      columns: ["kind", "name", "measure", "value", "low", "high", "n"].map { Table.Column($0) })
    for (set, drift, _) in features {
      for (measure, mean) in Self.means(drift) {
        let ends = mean.ci95 ?? []
        table.append([
          "features", Table.Cell(set), Table.Cell(measure), Table.Cell("\(mean.value)"),
          Table.Cell(ends.first.map { "\($0)" } ?? ""), Table.Cell(ends.last.map { "\($0)" } ?? ""),
          Table.Cell(String(drift.images)),
        ])
      }
      if let cka = drift.cka {
        table.append([
          "features", Table.Cell(set), "cka", Table.Cell("\(cka)"), "", "",
          Table.Cell(String(drift.images)),
        ])
      }
    }
    for part in weights {
      table.append(["weights", Table.Cell(part.name), "distance", Table.Cell("\(part.distance)")])
      if let relative = part.relative {
        table.append(["weights", Table.Cell(part.name), "relative", Table.Cell("\(relative)")])
      }
    }
    return table
  }

  private var json: JSONValue {
    let sets = features.map { set, drift, skipped in
      var members: [String: JSONValue] = [
        "set": .string(set), "n": .integer(drift.images), "skipped": .integer(skipped),
        "cka": drift.cka.map(JSONValue.number) ?? .null,
      ]
      for (measure, mean) in Self.means(drift) {
        members[measure] = .object([
          "mean": .number(mean.value),
          "ci95": mean.ci95.map { .array($0.map(JSONValue.number)) } ?? .null,
        ])
      }
      return JSONValue.object(members)
    }
    let parts = weights.map { part in
      JSONValue.object([
        "name": .string(part.name), "distance": .number(part.distance),
        "relative": part.relative.map(JSONValue.number) ?? .null,
      ])
    }
    return .object([
      "from": .string(from), "to": .string(to), "features": .array(sets),
      "weights": .array(parts),
    ])
  }

  private static func means(_ drift: FeatureDrift) -> [(String, FeatureDrift.Mean)] {
    [
      ("distance", drift.distance), ("unit-distance", drift.unitDistance),
      ("cosine", drift.cosine),
    ]
  }

  /// "0.1458 ± 0.0055", with half the interval.
  private static func text(_ mean: FeatureDrift.Mean, decimals: Int) -> String {
    guard let end = mean.ci95?.last else { return number(mean.value, decimals: decimals) }
    return number(mean.value, decimals: decimals) + " ± "
      + number(end - mean.value, decimals: decimals)
  }

  private static func number(_ value: Double, decimals: Int) -> String {
    String(format: "%.\(decimals)f", value)
  }
}
