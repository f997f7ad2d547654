import Basics
import Foundation

/// Writing results to stdout.
enum Output {
  /// Writes a text whole.
  ///
  /// - Throws: `HoldfastError` of kind `cannotWrite`; `EndOfOutput` where nobody reads any more.
  static func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)[...]
      while let base = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
        let count = Foundation.write(STDOUT_FILENO, base, rest.count)
        if count < 0 {
          if errno == EINTR { continue }
          if errno == EPIPE { throw EndOfOutput() }
          throw HoldfastError.cannotWrite(
            "stdout: the result cannot be written (\(String(cString: strerror(errno))))",
            remedy: "Free some space, or send the output somewhere else.")
        }
        rest = rest.dropFirst(count)
      }
    }
  }
}
