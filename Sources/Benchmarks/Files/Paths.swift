import Basics
import Foundation

/// Whether one string comes before the other in the order of their UTF-8 bytes.
///
/// Swift's own order of strings is that of Unicode scalars after normalisation, which differs from
/// what `ls` in the C locale, Python and `strcmp` do with names outside ASCII.
func precedesInBytes(_ left: String, _ right: String) -> Bool {
  let fast = left.utf8.withContiguousStorageIfAvailable { a in
    right.utf8.withContiguousStorageIfAvailable { b -> Bool in
      let count = min(a.count, b.count)
      guard count > 0, let first = a.baseAddress, let second = b.baseAddress else {
        return a.count < b.count
      }
      let order = memcmp(first, second, count)
      return order == 0 ? a.count < b.count : order < 0
    }
  }
  if let fast = fast.flatMap({ $0 }) { return fast }
  return left.utf8.lexicographicallyPrecedes(right.utf8)
}

/// Whether a file's name says that it is an image: jpg, jpeg, png or webp in any case.
func isImageName(_ name: String) -> Bool {
  guard let dot = name.lastIndex(of: ".") else { return false }
  return ["jpg", "jpeg", "png", "webp"].contains(name[name.index(after: dot)...].lowercased())
}

/// A relative path under a root; an absolute one as it is.
func joined(_ root: String, _ path: String) -> String {
  if path.hasPrefix("/") || root.isEmpty { return path }
  return root.hasSuffix("/") ? root + path : root + "/" + path
}

/// The last component of a path, without a slash at its end.
func lastName(_ path: String) -> String {
  (path as NSString).lastPathComponent
}

/// A relative path without `.` and `..`; nil where it is empty or leaves its root.
func confined(_ path: String) -> String? {
  guard !path.utf8.contains(0) else { return nil }
  if isTidy(path.utf8) { return path }
  var parts: [Substring] = []
  for part in path.split(separator: "/") where part != "." {
    if part == ".." {
      guard parts.popLast() != nil else { return nil }
    } else {
      parts.append(part)
    }
  }
  return parts.isEmpty ? nil : parts.joined(separator: "/")
}

/// Whether a path has neither empty components nor any that begin with a dot, as nearly all in long
/// lists; they are spared the splitting.
private func isTidy(_ path: String.UTF8View) -> Bool {
  let slash = UInt8(ascii: "/")
  var before = slash
  for byte in path {
    if before == slash, byte == slash || byte == UInt8(ascii: ".") { return false }
    before = byte
  }
  return before != slash
}

/// The beginning of a text from a file, in one line, for an error.
func excerpt(_ text: String) -> String {
  let limit = 80
  let line = text.unicodeScalars.prefix(limit).map { scalar in
    scalar.properties.generalCategory == .control ? "\u{FFFD}" : String(scalar)
  }
  return line.joined() + (text.unicodeScalars.count > limit ? "…" : "")
}

/// A class name as people read it: underscores are spaces.
func readable(_ name: String) -> String {
  name.replacingOccurrences(of: "_", with: " ")
}
