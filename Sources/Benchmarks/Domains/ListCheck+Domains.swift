import Basics

extension ListCheck {
  /// The rows without those whose file an earlier row has under the same label, for lists that
  /// overlap.
  static func once(_ rows: [Row]) -> [Row] {
    var seen: Set<Dataset.Sample> = []
    return rows.filter { seen.insert($0.sample).inserted }
  }

  /// What results are told of listed files that are not there; see `Dataset.conditions`.
  static func conditions(_ missing: [String]) -> [String: JSONValue] {
    missing.isEmpty ? [:] : ["missing": .integer(missing.count)]
  }
}
