/// The records of a pax header that say something about the next member.
///
/// A record is `27 path=a/long/name.jpg` and a line end, the number being its whole length.
struct PaxRecords {
  private(set) var path: [UInt8]?
  private(set) var size: Int?
  /// Whether the content is stored with its holes left out.
  private(set) var isSparse = false

  /// Reads records; nil where they are damaged.
  init?(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while let first = rest.first, first != 0 {
      guard let blank = rest.prefix(20).firstIndex(of: UInt8(ascii: " ")),
        let length = Self.number(rest[..<blank]), length <= rest.count,
        length > blank - rest.startIndex + 1
      else { return nil }
      let record = rest[(blank + 1)..<(rest.startIndex + length)]
      guard record.last == UInt8(ascii: "\n"),
        let equals = record.firstIndex(of: UInt8(ascii: "="))
      else { return nil }
      let value = record[(equals + 1)...].dropLast()
      switch String(decoding: record[..<equals], as: UTF8.self) {
      case "path": path = Array(value)
      case "size":
        guard let number = Self.number(value) else { return nil }
        size = number
      case let key where key.hasPrefix("GNU.sparse."): isSparse = true
      default: break
      }
      rest = rest.dropFirst(length)
    }
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    return Int(String(decoding: digits, as: UTF8.self))
  }
}
