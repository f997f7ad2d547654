import Basics

/// What a list of images must satisfy before it is used.
enum ListCheck {
  /// A sample with the list it is in and the line.
  typealias Row = (sample: Dataset.Sample, list: String, line: Int)

  /// The listed images that are there.
  struct Found {
    var samples: [Dataset.Sample] = []
    /// How many listed images are not there.
    var missing = 0

    /// What results are told about it; see `Dataset.conditions`.
    var conditions: [String: JSONValue] { missing == 0 ? [:] : ["missing": .integer(missing)] }
  }

  /// Checks that every listed file is there and has one label only.
  ///
  /// - Parameters:
  ///   - rows: The lines; a file that is listed twice is two samples.
  ///   - allowMissing: Whether files that are not there are left out and counted, as long as one
  ///     is there.
  /// - Throws: `HoldfastError` of kind `missingInput` that counts the missing files and names the
  ///   first, or `badData` for a file with two labels.
  static func present(
    _ rows: [Row], root: String, allowMissing: Bool
  ) throws(HoldfastError) -> Found {
    var labels: [String: Int] = [:]
    labels.reserveCapacity(rows.count)
    var presence = FilePresence()
    var found = Found()
    found.samples.reserveCapacity(rows.count)
    var first: String?
    for (sample, list, line) in rows {
      if let label = labels.updateValue(sample.label, forKey: sample.path),
        label != sample.label
      {
        throw .badData(
          "\(list):\(line): \(excerpt(sample.path)) has another label than in an earlier line",
          remedy: "Keep one of the two lines.")
      }
      if presence.holds(joined(root, sample.path)) {
        found.samples.append(sample)
      } else {
        found.missing += 1
        first = first ?? "\(list):\(line): \(excerpt(sample.path)) is not there"
      }
    }
    guard let first, !allowMissing || found.samples.isEmpty else { return found }
    throw .missingInput(
      "\(first) (\(found.missing) of \(rows.count) listed images are missing under \(root))",
      remedy: allowMissing
        ? "Complete the copy of the images: there is none of them."
        : "Complete the copy of the images, take the lines out of the list, or accept the rest "
          + "with --allow-missing.")
  }

  /// The rows without those whose file an earlier row has under the same label, for lists that
  /// overlap.
  static func once(_ rows: [Row]) -> [Row] {
    var seen: Set<Dataset.Sample> = []
    return rows.filter { seen.insert($0.sample).inserted }
  }
}
