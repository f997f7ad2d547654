import Basics

/// One list of a data set with domains, DomainNet's or PACS': a path and a label a line.
enum DomainList {
  struct Entry: Hashable, Sendable {
    /// From 1.
    var line: Int
    /// Relative to the root.
    var path: String
    var label: Int

    /// The folder that the image lies in: its class.
    var folder: String
  }

  /// Reads a list; empty lines are skipped.
  ///
  /// - Throws: `HoldfastError` of kind `badData` with the line of a label that is no class index or
  ///   a path that leaves the root.
  static func read(_ source: String) throws(HoldfastError) -> [Entry] {
    let bytes = try TextFile.bytes(source)
    var entries: [Entry] = []
    var line = 0
    for content in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      line += 1
      let trimmed = trim(content)
      if trimmed.isEmpty { continue }
      entries.append(try entry(trimmed, line: line, source: source))
    }
    return entries
  }

  private static func entry(
    _ bytes: ArraySlice<UInt8>, line: Int, source: String
  ) throws(HoldfastError) -> Entry {
    guard let space = bytes.lastIndex(where: isBlank),
      let label = Int(String(decoding: bytes[(space + 1)...], as: UTF8.self))
    else {
      throw .badData(
        "\(source):\(line): '\(excerpt(String(decoding: bytes, as: UTF8.self)))' is not a path and "
          + "a label",
        remedy: "Write a line as real/whale/real_333_000001.jpg 332.")
    }
    guard (0...LabelTable.largest).contains(label) else {
      throw .badData(
        "\(source):\(line): the label \(label) is out of range (0 to \(LabelTable.largest))",
        remedy: "Number classes from 0.")
    }
    guard let raw = String(validatingBytes: trim(bytes[..<space])) else {
      throw .badData("\(source):\(line): not UTF-8", remedy: "Save the list as UTF-8.")
    }
    guard raw.utf8.first != UInt8(ascii: "/"), let path = confined(raw),
      let folder = classFolder(path)
    else {
      throw .badData(
        "\(source):\(line): the path '\(excerpt(raw))' is not a file in a class folder of the "
          + "data set",
        remedy: "Give paths relative to the root, as real/whale/real_333_000001.jpg.")
    }
    return Entry(line: line, path: path, label: label, folder: folder)
  }

  /// The last folder of a path without dots; nil where there is none.
  private static func classFolder(_ path: String) -> String? {
    let slash = UInt8(ascii: "/")
    guard let end = path.utf8.lastIndex(of: slash) else { return nil }
    let start = path.utf8[..<end].lastIndex(of: slash).map { path.utf8.index(after: $0) }
    return String(path[(start ?? path.startIndex)..<end])
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  private static func trim(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var line = line
    while let last = line.last, isBlank(last) { line.removeLast() }
    while let first = line.first, isBlank(first) { line.removeFirst() }
    return line
  }
}
