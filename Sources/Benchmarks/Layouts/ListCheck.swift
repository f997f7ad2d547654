import Basics

/// What a list of images must satisfy before it is used.
enum ListCheck {
  /// A sample with the list it is in and the line there.
  typealias Row = (sample: Dataset.Sample, list: String, line: Int)

  /// The samples whose files are there, and the paths of those that are not.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput` that counts the missing files and names the
  ///   first, unless some may be missing; `badData` for a file with two labels.
  static func present(
    _ rows: [Row], root: String, allowMissing: Bool
  ) throws(HoldfastError) -> (samples: [Dataset.Sample], missing: [String]) {
    var labels: [String: Int] = [:]
    labels.reserveCapacity(rows.count)
    var presence = FilePresence()
    var samples: [Dataset.Sample] = []
    samples.reserveCapacity(rows.count)
    var missing: [String] = []
    var first = ""
    for (sample, list, line) in rows {
      if let label = labels.updateValue(sample.label, forKey: sample.path),
        label != sample.label
      {
        throw .badData(
          "\(list):\(line): \(excerpt(sample.path)) has another label than in an earlier line",
          remedy: "Keep one of the two lines.")
      }
      if presence.holds(joined(root, sample.path)) {
        samples.append(sample)
        continue
      }
      if missing.isEmpty { first = "\(list):\(line): \(excerpt(sample.path)) is not there" }
      missing.append(sample.path)
    }
    if missing.isEmpty || allowMissing && !samples.isEmpty { return (samples, missing) }
    throw .missingInput(
      "\(first) (\(missing.count) of \(rows.count) listed images are missing under \(root))",
      remedy: "Complete the copy of the images, or take the lines out of the list.")
  }
}
