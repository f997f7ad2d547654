import Basics

extension ImageNetClasses {
  /// Reads a table of classes: a line `index wnid subsets name` each, in index order.
  ///
  /// Subsets are two characters, `a` or `-` and `r` or `-`; the name may hold spaces. Empty lines are
  /// skipped.
  ///
  /// - Parameter source: What errors call the table.
  /// - Throws: `HoldfastError` of kind `badData` with the line of an index that is missing, repeated
  ///   or out of order, of a WordNet id that is none, repeated or out of byte order, of unknown
  ///   subsets or of an empty name.
  public static func parse(
    _ text: String, source: String
  ) throws(HoldfastError) -> ImageNetClasses {
    var entries: [Entry] = []
    var lines: [String: Int] = [:]
    let rows = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (offset, row) in rows.enumerated() where !row.allSatisfy(\.isWhitespace) {
      let place = "\(source):\(offset + 1)"
      let fields = row.split(separator: " ", maxSplits: 3).map(String.init)
      guard fields.count == 4, let index = Int(fields[0]), let subsets = subsets(fields[2]) else {
        throw .badData(
          "\(place): '\(excerpt(String(row)))' is not an index, a WordNet id, subsets and a name",
          remedy: "Write a line as 1 n01443537 -r goldfish.")
      }
      guard index == entries.count else {
        throw .badData(
          entries.indices.contains(index)
            ? "\(place): the index \(index) is there twice"
            : "\(place): the index \(entries.count) is missing before \(index)",
          remedy: "List every class once, in the order of the indices from 0.")
      }
      let wnid = fields[1]
      guard isWordNetID(wnid) else {
        throw .badData(
          "\(place): '\(excerpt(wnid))' is not a WordNet id",
          remedy: "An id is n and eight digits, as n01443537.")
      }
      if let line = lines.updateValue(offset + 1, forKey: wnid) {
        throw .badData(
          "\(place): the WordNet id \(wnid) is there twice, before in line \(line)",
          remedy: "List every class once.")
      }
      if let last = entries.last, !precedesInBytes(last.wnid, wnid) {
        throw .badData(
          "\(place): the WordNet id \(wnid) follows \(last.wnid), yet indices are ranks of ids",
          remedy: "Put the classes into the order of their ids.")
      }
      entries.append(Entry(wnid: wnid, name: fields[3], subsets: subsets))
    }
    guard !entries.isEmpty else {
      throw .badData("\(source): there are no classes", remedy: "Add a line for each class.")
    }
    return ImageNetClasses(entries)
  }

  private static func subsets(_ marks: String) -> Set<Subset>? {
    switch marks {
    case "--": return []
    case "a-": return [.a]
    case "-r": return [.r]
    case "ar": return [.a, .r]
    default: return nil
    }
  }
}

/// Whether a name has the shape of a WordNet id of a noun: `n` and eight digits.
func isWordNetID(_ name: String) -> Bool {
  let bytes = name.utf8
  return bytes.count == 9 && bytes.first == UInt8(ascii: "n")
    && bytes.dropFirst().allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
}
