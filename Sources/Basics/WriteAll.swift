import Foundation

/// Hands all bytes to an open file, in as many calls as the system takes, signals notwithstanding.
///
/// - Returns: The system's error number, or nil where everything was taken.
public func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
  var rest = bytes[...]
  while let base = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
    let count = write(descriptor, base, min(rest.count, 1 << 30))
    if count < 0 {
      if errno == EINTR { continue }
      return errno
    }
    rest = rest.dropFirst(count)
  }
  return nil
}
