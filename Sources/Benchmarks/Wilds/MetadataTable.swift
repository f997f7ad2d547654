import Basics

/// The rows of a data set's table, read for a few columns by name.
struct MetadataTable {
  /// One row, with the fields of the wanted columns in the order in which they were asked for.
  struct Row {
    /// From 1, the header included.
    var line: Int
    var fields: [String]
  }

  let source: String
  private var reader: SeparatedValues
  private let width: Int
  private let places: [Int]

  /// Opens a comma-separated table.
  ///
  /// - Parameter columns: The names that the header must have.
  /// - Throws: `HoldfastError` of kind `missingInput` where there is no such file, `badData` where
  ///   a column is missing.
  init(_ source: String, columns: [String]) throws(HoldfastError) {
    self.source = source
    reader = SeparatedValues(
      try TextFile.bytes(source), separator: UInt8(ascii: ","), source: source)
    guard let header = try reader.next() else {
      throw .badData("\(source): the file is empty", remedy: "Fetch it again.")
    }
    width = header.fields.count
    var places: [Int] = []
    for column in columns {
      guard let place = header.fields.firstIndex(of: column) else {
        throw .badData(
          "\(source):\(header.line): there is no column '\(column)' "
            + "(columns: \(excerpt(header.fields.joined(separator: ", "))))",
          remedy: "Fetch the table again; it is part of the data set.")
      }
      places.append(place)
    }
    self.places = places
  }

  /// The names of a table's columns; none where it is empty.
  static func header(_ source: String) throws(HoldfastError) -> [String] {
    var reader = SeparatedValues(
      try TextFile.bytes(source), separator: UInt8(ascii: ","), source: source)
    return try reader.next()?.fields ?? []
  }

  /// The next row; nil at the end.
  ///
  /// - Throws: `HoldfastError` of kind `badData` for a row of another width than the header.
  mutating func next() throws(HoldfastError) -> Row? {
    guard let row = try reader.next() else { return nil }
    guard row.fields.count == width else {
      throw .badData(
        "\(source):\(row.line): \(row.fields.count) fields, the header has \(width)",
        remedy: "Fetch the table again.")
    }
    return Row(line: row.line, fields: places.map { row.fields[$0] })
  }
}
