import Basics
import Foundation

/// The content of a `merges.txt`: after an optional `#version` line, one pair a line.
///
/// The release's file begins with a line of its own and has more merges than CLIP uses.
struct MergeLines {
  var merges: [(left: String, right: String)] = []
  /// The line number of the first merge, from 1.
  var firstLine = 1

  /// - Parameter limit: The merges to read of the release's file, nil for a `merges.txt`.
  init(_ data: Data, path: String, limit: Int? = nil) throws(HoldfastError) {
    var lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if limit != nil || lines.first?.starts(with: Data("#version".utf8)) == true {
      lines.removeFirst()
      firstLine = 2
    }
    if lines.last?.isEmpty == true { lines.removeLast() }
    if let limit { lines = Array(lines.prefix(limit)) }
    merges.reserveCapacity(lines.count)
    for (index, line) in lines.enumerated() {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      guard parts.count == 2, let left = String(bytes: parts[0], encoding: .utf8),
        let right = String(bytes: parts[1], encoding: .utf8), !left.isEmpty, !right.isEmpty
      else {
        throw .badData(
          "\(path):\(firstLine + index): not two symbols with one space between",
          remedy: "Copy the file again from the checkpoint that the model came from.")
      }
      merges.append((left, right))
    }
  }
}
