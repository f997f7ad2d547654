import Foundation

/// Writing files so that a reader sees the old content or the new, never half of one.
public enum AtomicFile {
  /// Replaces the file at `path`, making its folder first where it is missing.
  ///
  /// - Throws: `HoldfastError` of kind `cannotWrite`; the earlier file is left as it was.
  public static func write(_ data: Data, to path: String) throws(HoldfastError) {
    try write(to: path) { (handle) throws(HoldfastError) in try handle.append(data) }
  }

  /// Replaces the file at `path` with a text in UTF-8.
  public static func write(_ text: String, to path: String) throws(HoldfastError) {
    try write(Data(text.utf8), to: path)
  }

  /// Replaces the file at `path` with what the closure appends, piece by piece.
  public static func write(
    to path: String, _ body: (borrowing Writer) throws(HoldfastError) -> Void
  ) throws(HoldfastError) {
    try makeFolder((path as NSString).deletingLastPathComponent)
    let temporary = "\(path).part-\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard descriptor >= 0 else { throw failure("create", path, errno) }
    let writer = Writer(descriptor: descriptor, path: path)
    do throws(HoldfastError) {
      try body(writer)
      guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure("write", path, errno) }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    guard close(descriptor) == 0, rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw failure("replace", path, code)
    }
  }

  /// Makes a folder and those above it; an existing one is left as it is.
  public static func makeFolder(_ path: String) throws(HoldfastError) {
    guard !path.isEmpty else { return }
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(
        "\(path): the folder cannot be made (\(reason(error)))",
        remedy: "Check the path, its permissions and the free space, or choose another place.")
    }
  }

  /// An open temporary file, to which bytes are appended.
  public struct Writer: ~Copyable {
    let descriptor: Int32
    let path: String

    /// Appends bytes.
    public func append(_ data: Data) throws(HoldfastError) {
      let code = data.withUnsafeBytes { writeAll($0, to: descriptor) }
      if let code { throw AtomicFile.failure("write", path, code) }
    }

    /// Appends the bytes of a buffer.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(HoldfastError) {
      if let code = writeAll(bytes, to: descriptor) {
        throw AtomicFile.failure("write", path, code)
      }
    }
  }

  private static func failure(_ verb: String, _ path: String, _ code: Int32) -> HoldfastError {
    .cannotWrite(
      "\(path): cannot \(verb) the file (\(String(cString: strerror(code))))",
      remedy: code == ENOSPC || code == EDQUOT
        ? "Free some space on that disk, or choose another place with --out."
        : "Check the path and its permissions, or choose another place with --out.")
  }

  private static func reason(_ error: any Error) -> String {
    let code = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError)?.code
    return code.map { String(cString: strerror(Int32($0))) } ?? error.localizedDescription
  }
}
