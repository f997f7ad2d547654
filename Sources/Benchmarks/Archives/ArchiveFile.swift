import Basics
import Foundation

/// A file that is open for reading here and there.
struct ArchiveFile: ~Copyable {
  let path: String
  /// How many bytes it has.
  let size: Int
  private let descriptor: Int32

  /// Opens a file.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput` where it cannot be opened, `badData` where it
  ///   is none.
  init(_ path: String) throws(HoldfastError) {
    // O_NONBLOCK: opening a pipe by mistake must not hang; it changes nothing for a file.
    let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let reason = String(cString: strerror(errno))
      DependencyRecorder.current?.note(path)
      throw .missingInput(
        "\(path): cannot be read (\(reason))",
        remedy: "Check that the path is right and that you may read it.")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .badData("\(path): not a file", remedy: "Give the path of an archive.")
    }
    DependencyRecorder.current?.note(path, FileStamp(status))
    self.path = path
    self.descriptor = descriptor
    size = Int(status.st_size)
  }

  deinit {
    close(descriptor)
  }

  /// Some of the bytes; nil where the file does not reach that far or cannot be read.
  func bytes(at position: Int, _ count: Int) -> [UInt8]? {
    guard position >= 0, count >= 0, position <= size, count <= size - position else { return nil }
    var done = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while done < count, let base = buffer.baseAddress {
        let read = pread(descriptor, base + done, count - done, off_t(position + done))
        if read < 0 && errno == EINTR { continue }
        guard read > 0 else { break }
        done += read
      }
      initialized = done
    }
    return done == count ? bytes : nil
  }
}
