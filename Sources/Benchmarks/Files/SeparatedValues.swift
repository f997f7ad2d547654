import Basics

/// Rows of a comma- or tab-separated file, by the rules of RFC 4180.
///
/// Fields may be quoted, with quotes doubled and line ends kept inside; lines end in LF or CRLF.
/// Empty lines are skipped.
struct SeparatedValues {
  struct Row: Hashable, Sendable {
    /// The line on which the row begins, from 1.
    var line: Int
    var fields: [String]
  }

  private let bytes: [UInt8]
  private let separator: UInt8
  private let source: String
  private var position = 0
  private var line = 1

  /// A reader of bytes; `source` is the file's name for errors.
  init(_ bytes: [UInt8], separator: UInt8, source: String) {
    self.bytes = bytes
    self.separator = separator
    self.source = source
  }

  /// The next row; nil at the end.
  ///
  /// - Throws: `HoldfastError` of kind `badData` for a quote that is not closed or a field that is
  ///   not UTF-8.
  mutating func next() throws(HoldfastError) -> Row? {
    while position < bytes.count {
      let start = line
      var fields: [String] = []
      var isOpen = true
      while isOpen {
        fields.append(try field())
        isOpen = position < bytes.count && bytes[position] == separator
        if isOpen { position += 1 }
      }
      endLine()
      if fields != [""] { return Row(line: start, fields: fields) }
    }
    return nil
  }

  private mutating func field() throws(HoldfastError) -> String {
    let quote = UInt8(ascii: "\"")
    guard position < bytes.count, bytes[position] == quote else {
      let start = position
      while position < bytes.count, bytes[position] != separator, !isLineEnd(position) {
        position += 1
      }
      return try text(bytes[start..<position])
    }
    let opened = line
    var content: [UInt8] = []
    position += 1
    while true {
      guard position < bytes.count else {
        throw .badData(
          "\(source):\(opened): a quote is not closed", remedy: "Close it, or double it: \"\".")
      }
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\n") { line += 1 }
      if byte == quote {
        guard position < bytes.count, bytes[position] == quote else { break }
        position += 1
      }
      content.append(byte)
    }
    guard position >= bytes.count || bytes[position] == separator || isLineEnd(position) else {
      throw .badData(
        "\(source):\(line): text follows a closing quote",
        remedy: "Double the quotes inside a quoted field: \"\".")
    }
    return try text(content[...])
  }

  private func isLineEnd(_ index: Int) -> Bool {
    if bytes[index] == UInt8(ascii: "\n") { return true }
    return bytes[index] == UInt8(ascii: "\r")
      && (index + 1 == bytes.count || bytes[index + 1] == UInt8(ascii: "\n"))
  }

  private mutating func endLine() {
    guard position < bytes.count else { return }
    if bytes[position] == UInt8(ascii: "\r") { position += 1 }
    if position < bytes.count, bytes[position] == UInt8(ascii: "\n") { position += 1 }
    line += 1
  }

  private func text(_ content: ArraySlice<UInt8>) throws(HoldfastError) -> String {
    guard let text = String(validatingBytes: content) else {
      throw .badData("\(source):\(line): not UTF-8", remedy: "Save the file as UTF-8.")
    }
    return text
  }
}

extension String {
  /// A string of UTF-8 bytes; nil where they are not UTF-8.
  init?(validatingBytes bytes: some Collection<UInt8>) {
    let text = String(decoding: bytes, as: UTF8.self)
    // Decoding repairs wrong bytes by U+FFFD, which begins with EF; text that had it is the same.
    if text.utf8.contains(0xEF), !text.utf8.elementsEqual(bytes) { return nil }
    self = text
  }
}
