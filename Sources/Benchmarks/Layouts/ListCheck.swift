import Basics

/// What a list of images must satisfy before it is used.
enum ListCheck {
  /// Checks that every listed file is there and has one label only.
  ///
  /// - Parameter rows: Each sample with the list it is in and the line.
  /// - Throws: `HoldfastError` of kind `missingInput` that counts the missing files and names the
  ///   first, or `badData` for a file with two labels.
  static func check(
    _ rows: [(sample: Dataset.Sample, list: String, line: Int)], root: String
  ) throws(HoldfastError) {
    var labels: [String: Int] = [:]
    labels.reserveCapacity(rows.count)
    var presence = FilePresence()
    var missing = 0
    var first: String?
    for (sample, list, line) in rows {
      if let label = labels.updateValue(sample.label, forKey: sample.path),
        label != sample.label
      {
        throw .badData(
          "\(list):\(line): \(excerpt(sample.path)) has another label than in an earlier line",
          remedy: "Keep one of the two lines.")
      }
      guard !presence.holds(joined(root, sample.path)) else { continue }
      missing += 1
      first = first ?? "\(list):\(line): \(excerpt(sample.path)) is not there"
    }
    guard let first else { return }
    throw .missingInput(
      "\(first) (\(missing) of \(rows.count) listed images are missing under \(root))",
      remedy: "Complete the copy of the images, or take the lines out of the list.")
  }
}
