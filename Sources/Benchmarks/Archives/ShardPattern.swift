import Basics

/// The names that `shard-{000..012}.tar` stands for, as a shell would expand them.
struct ShardPattern {
  /// More shards than this are a slip of the pen.
  static let limit = 100_000

  /// The names in the order of the numbers.
  let names: [String]

  /// Expands a name.
  ///
  /// - Returns: Nil where there is no range of numbers in braces.
  /// - Throws: `HoldfastError` of kind `usage` for more than 100 000 names.
  init?(_ text: String) throws(HoldfastError) {
    guard text.contains("{") else { return nil }
    var names = [""]
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      guard let close = rest[open...].firstIndex(of: "}"),
        let range = Self.range(rest[rest.index(after: open)..<close])
      else { return nil }
      guard range.count <= Self.limit / names.count else {
        throw .usage(
          "'\(text)' stands for more than \(Self.limit) archives",
          remedy: "Name a folder of them instead.")
      }
      let before = rest[..<open]
      names = names.flatMap { name in range.map { name + before + $0 } }
      rest = rest[rest.index(after: close)...]
    }
    self.names = names.map { $0 + rest }
  }

  /// The numbers of `000..012` with their zeros; of `5..8`, without.
  private static func range(_ text: Substring) -> [String]? {
    let ends = text.split(separator: ".", omittingEmptySubsequences: false)
    guard ends.count == 3, ends[1].isEmpty, let low = number(ends[0]), let high = number(ends[2]),
      low <= high, high - low < 10 * limit
    else { return nil }
    // A shell fills up where an end begins with zero.
    let isFilled = [ends[0], ends[2]].contains { $0.count > 1 && $0.hasPrefix("0") }
    let width = isFilled ? max(ends[0].count, ends[2].count) : 0
    return (low...high).map { number in
      let digits = String(number)
      return String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }
  }

  private static func number(_ text: Substring) -> Int? {
    guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) })
    else { return nil }
    return Int(text)
  }
}
