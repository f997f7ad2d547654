import Basics
import Foundation

/// Writes scalars for TensorBoard: an event file that is only appended to and kept open.
///
/// Scalars wait in memory until `flush()`, 64 KiB of them, or the end of the writer. A resumed run
/// makes a further file in the same folder, which is how TensorBoard expects it.
public final class EventFileWriter {
  /// The event file.
  public let path: String
  private let descriptor: Int32
  private var waiting = Data()

  /// Makes a new event file in a folder.
  ///
  /// - Parameters:
  ///   - folder: Made if it is missing.
  ///   - wallTime: Seconds since 1970, part of the file's name. The default is now.
  /// - Throws: `HoldfastError` of kind `cannotWrite`.
  public init(
    folder: String, wallTime: Double = Date().timeIntervalSince1970
  ) throws(HoldfastError) {
    try AtomicFile.makeFolder(folder)
    let second = String(format: "%010.0f", wallTime)
    let name = "events.out.tfevents.\(second).\(ProcessInfo.processInfo.hostName).\(getpid())"
    var descriptor: Int32 = -1
    var path = ""
    // Two writers of one process in the same second get different names.
    for attempt in 0..<1000 {
      path = "\(folder)/\(name).\(attempt)"
      descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0o644)
      if descriptor >= 0 || errno != EEXIST { break }
    }
    guard descriptor >= 0 else { throw Self.failure(path, errno) }
    self.path = path
    self.descriptor = descriptor
    waiting = EventRecord.fileVersion(wallTime: wallTime)
    try flush()
  }

  deinit {
    try? flush()
    close(descriptor)
  }

  /// Adds one scalar, stored as a 32-bit float.
  ///
  /// - Parameters:
  ///   - tag: The curve's name, `train/loss` for example; what stands before `/` makes a group.
  ///   - wallTime: Seconds since 1970. The default is now.
  public func add(
    _ tag: String, _ value: Double, step: Int, wallTime: Double = Date().timeIntervalSince1970
  ) throws(HoldfastError) {
    waiting += EventRecord.scalar(tag, Float(value), step: Int64(step), wallTime: wallTime)
    if waiting.count >= 1 << 16 { try flush() }
  }

  /// Hands everything that waits to the system, so that a viewer sees it.
  public func flush() throws(HoldfastError) {
    let code = waiting.withUnsafeBytes { writeAll($0, to: descriptor) }
    waiting.removeAll(keepingCapacity: true)
    if let code { throw Self.failure(path, code) }
  }

  private static func failure(_ path: String, _ code: Int32) -> HoldfastError {
    .cannotWrite(
      "\(path): cannot write the event file (\(String(cString: strerror(code))))",
      remedy: "Check the folder, its permissions and the free space.")
  }
}
