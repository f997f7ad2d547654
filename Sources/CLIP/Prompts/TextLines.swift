import Basics
import Foundation

/// The lines of a small text file that a person wrote.
enum TextLines {
  /// Numbered lines without the white space around them; the end of the last line is no line.
  ///
  /// Line ends may be those of Unix or Windows, and a byte order mark is passed over.
  static func read(
    _ path: String, limit: Int
  ) throws(HoldfastError) -> [(number: Int, text: String)] {
    var data = try LimitedFile.read(path, limit: limit)
    if data.starts(with: [0xEF, 0xBB, 0xBF]) { data = Data(data.dropFirst(3)) }
    var lines: [(number: Int, text: String)] = []
    let pieces = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, bytes) in pieces.enumerated() where index + 1 < pieces.count || !bytes.isEmpty {
      guard let text = String(bytes: bytes, encoding: .utf8) else {
        throw .badData(
          "\(path):\(index + 1): not UTF-8 text", remedy: "Save the file as UTF-8.")
      }
      lines.append((index + 1, text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }
    return lines
  }
}
