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
  }

  deinit { close(descriptor) }

  /// Adds one line; the line feed is added here.
  func append(_ line: String) throws(HoldfastError) {
    try append(Data((line + "\n").utf8))
  }

  /// Adds bytes as they are.
  func append(_ data: Data) throws(HoldfastError) {
    let code: Int32? = data.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while let base = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
        let count = write(descriptor, base, rest.count)
        if count < 0 {
          if errno == EINTR { continue }
          return errno
        }
        rest = rest.dropFirst(count)
      }
      return nil
    }
    if let code { throw Self.failure(path, code) }
  }

  private static func failure(_ path: String, _ code: Int32) -> HoldfastError {
    .cannotWrite(
      "\(path): cannot be written (\(String(cString: strerror(code))))",
      remedy: "Free some space there, or choose another place with --out.")
  }
}
