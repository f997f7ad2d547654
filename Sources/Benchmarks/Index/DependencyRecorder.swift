import Basics
import Foundation

/// Notes which folders and files a layout reads while it opens a data set.
///
/// `FolderListing`, `TextFile`, `ArchiveFile` and `isThere` report to the recorder of their task, and
/// layouts look at the disk through them alone. A layout that does so on other threads hands the
/// recorder on with `recording`.
final class DependencyRecorder: @unchecked Sendable {
  @TaskLocal static var current: DependencyRecorder?

  private let lock = NSLock()
  private var stamps: [String: FileStamp] = [:]
  /// When the recording began, in nanoseconds since 1970.
  private let start = Int64(Date().timeIntervalSince1970 * 1e9)
  /// Some file systems keep times to two seconds only.
  private static let coarsest: Int64 = 2_000_000_000

  /// What was read, by path.
  var dependencies: [String: FileStamp] { lock.withLock { stamps } }

  /// Whether all that was read had been left alone for so long that a further change would show in
  /// its time.
  var isSettled: Bool {
    dependencies.values.allSatisfy { $0.time < start - Self.coarsest }
  }

  /// Runs a function whose reading is noted here.
  func recording<Value>(
    _ body: () throws(HoldfastError) -> Value
  ) throws(HoldfastError) -> Value {
    // `withValue` cannot throw a typed error.
    let result = Self.$current.withValue(self) {
      Result { () throws(HoldfastError) in try body() }
    }
    return try result.get()
  }

  /// Notes something that could not be read: its coming is a change.
  func note(_ path: String) {
    note(path, FileStamp(at: path))
  }

  /// Notes an open file or folder.
  func note(_ path: String, descriptor: Int32) {
    var status = stat()
    if fstat(descriptor, &status) == 0 { note(path, FileStamp(status)) }
  }

  /// Notes what was found at a path.
  func note(_ path: String, _ stamp: FileStamp) {
    // The first reading counts: a later one may have seen more than the earlier.
    lock.withLock { stamps[path] = stamps[path] ?? stamp }
  }
}
