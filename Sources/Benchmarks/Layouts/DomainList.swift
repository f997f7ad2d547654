import Basics

/// One list of DomainNet: a path and a label a line.
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

/// The classes that lists agree on: one folder a label and one label a folder.
struct DomainClasses {
  private var folders: [Int: String] = [:]
  private var labels: [String: Int] = [:]

  /// Adds a line of a list.
  ///
  /// - Throws: `HoldfastError` of kind `badData` if an earlier line says otherwise.
  mutating func add(_ entry: DomainList.Entry, list: String) throws(HoldfastError) {
    let folder = entry.folder
    if let known = folders[entry.label], known != folder {
      throw .badData(
        "\(list):\(entry.line): the label \(entry.label) is the class '\(excerpt(folder))' here and "
          + "'\(excerpt(known))' in an earlier line",
        remedy: "Use lists of one numbering.")
    }
    if let known = labels[folder], known != entry.label {
      throw .badData(
        "\(list):\(entry.line): the class '\(excerpt(folder))' has the label \(entry.label) here and "
          + "\(known) in an earlier line",
        remedy: "Use lists of one numbering.")
    }
    folders[entry.label] = folder
    labels[folder] = entry.label
  }

  /// The folders in label order.
  ///
  /// - Throws: `HoldfastError` of kind `badData` if a label below the largest never occurs.
  func names(root: String) throws(HoldfastError) -> [String] {
    guard let largest = folders.keys.max() else {
      throw .badData("\(root): all lists are empty", remedy: "Fetch the lists again.")
    }
    var names: [String] = []
    for label in 0...largest {
      guard let folder = folders[label] else {
        throw .badData(
          "\(root): no list has the label \(label), yet labels go up to \(largest)",
          remedy: "Number classes from 0 without a gap, and keep all the lists.")
      }
      names.append(folder)
    }
    return names
  }
}
