import Foundation

/// Tar archives, block by block, well-formed or not.
struct TarBuilder {
  private(set) var bytes: [UInt8] = []

  /// What a test does to a header before its checksum is made.
  typealias Change = (inout [UInt8]) -> Void

  /// Appends a member in ustar form.
  mutating func add(
    _ name: String, _ content: [UInt8] = [], type: Character = "0", size: Int? = nil,
    prefix: String = "", change: Change = { _ in }
  ) {
    var header = [UInt8](repeating: 0, count: 512)
    Self.put(Array(name.utf8), in: &header, at: 0, limit: 100)
    Self.put(Array("0000644\0".utf8), in: &header, at: 100)
    let digits = String(size ?? content.count, radix: 8)
    let zeros = String(repeating: "0", count: max(11 - digits.count, 0))
    Self.put(Array((zeros + digits).utf8), in: &header, at: 124, limit: 12)
    header[156] = type.asciiValue ?? 0
    Self.put(Array("ustar\u{0}00".utf8), in: &header, at: 257)
    Self.put(Array(prefix.utf8), in: &header, at: 345, limit: 155)
    change(&header)
    Self.sum(&header)
    bytes += header + content
    bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  /// Appends a member with a text.
  mutating func add(_ name: String, text: String) {
    add(name, Array(text.utf8))
  }

  /// Appends a member under a name of any length, as GNU tar does.
  mutating func addLong(_ name: String, _ content: [UInt8]) {
    add("././@LongLink", Array(name.utf8) + [0], type: "L") {
      Self.put(Array("ustar  \0".utf8), in: &$0, at: 257)
    }
    add(String(name.prefix(100)), content) {
      Self.put(Array("ustar  \0".utf8), in: &$0, at: 257)
      // Where POSIX has a prefix, GNU may keep times.
      Self.put(Array("14000000000".utf8), in: &$0, at: 345)
    }
  }

  /// Appends a member with pax records before it.
  mutating func addPax(_ records: [(String, String)], _ name: String, _ content: [UInt8]) {
    add("PaxHeaders/x", records.flatMap { Self.record($0.0, $0.1) }, type: "x")
    add(name, content)
  }

  /// The archive with its end mark.
  var data: Data { Data(bytes + [UInt8](repeating: 0, count: 1024)) }

  /// A pax record, whose length counts itself.
  static func record(_ key: String, _ value: String) -> [UInt8] {
    let rest = " \(key)=\(value)\n"
    var length = rest.utf8.count
    while "\(length)\(rest)".utf8.count != length { length = "\(length)\(rest)".utf8.count }
    return Array("\(length)\(rest)".utf8)
  }

  static func put(
    _ content: [UInt8], in header: inout [UInt8], at place: Int, limit: Int = .max
  ) {
    for (index, byte) in content.prefix(limit).enumerated() { header[place + index] = byte }
  }

  private static func sum(_ header: inout [UInt8]) {
    for index in 148..<156 { header[index] = 32 }
    let digits = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
    let text = String(repeating: "0", count: 6 - digits.count) + digits + "\0 "
    put(Array(text.utf8), in: &header, at: 148)
  }
}
