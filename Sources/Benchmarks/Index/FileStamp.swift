import Foundation

/// What tells whether a file or folder is still the one that was read.
///
/// A folder's time of change moves when a name in it comes or goes, not when a file in it is
/// written to.
struct FileStamp: Hashable, Sendable {
  /// The time of change in nanoseconds since 1970.
  var time: Int64
  var inode: UInt64
  /// The size in bytes; 0 for a folder, whose size means nothing.
  var size: Int64

  /// Something that is not there.
  static let absent = FileStamp(time: 0, inode: 0, size: -1)

  init(time: Int64, inode: UInt64, size: Int64) {
    self.time = time
    self.inode = inode
    self.size = size
  }

  init(_ status: stat) {
    #if canImport(Darwin)
      let change = status.st_mtimespec
    #else
      let change = status.st_mtim
    #endif
    time = Int64(change.tv_sec) &* 1_000_000_000 &+ Int64(change.tv_nsec)
    inode = UInt64(status.st_ino)
    size = status.st_mode & S_IFMT == S_IFDIR ? 0 : Int64(status.st_size)
  }

  /// The stamp of what is now at a path.
  init(at path: String) {
    var status = stat()
    self = stat(path, &status) == 0 ? FileStamp(status) : .absent
  }
}

/// Whether there is something at a path, which an index of the data set at hand then depends on.
func isThere(_ path: String) -> Bool {
  let stamp = FileStamp(at: path)
  DependencyRecorder.current?.note(path, stamp)
  return stamp != .absent
}
