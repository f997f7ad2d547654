import Basics
import Foundation

/// A text file that grows line by line; each line reaches the system before the next is made.
final class LineFile {
  let path: String
  private let descriptor: Int32

  /// Makes the file empty.
  init(_ path: String) throws(HoldfastError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o644)
    guard descriptor >= 0 else { throw Self.failure(path, errno) }
    flock(descriptor, LOCK_EX | LOCK_NB)
  }

  /// Whether another process, or another recorder of this one, has the file open for its lines.
  static func isInUse(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  deinit { close(descriptor) }

  /// Adds one line; the line feed is added here.
  func append(_ line: String) throws(HoldfastError) {
    try append(Data((line + "\n").utf8))
  }

  /// Adds bytes as they are.
  func append(_ data: Data) throws(HoldfastError) {
    let code = data.withUnsafeBytes { writeAll($0, to: descriptor) }
    if let code { throw Self.failure(path, code) }
  }

  private static func failure(_ path: String, _ code: Int32) -> HoldfastError {
    .cannotWrite(
      "\(path): cannot be written (\(String(cString: strerror(code))))",
      remedy: "Free some space there, or choose another place with --out.")
  }
}
