import Basics
import Foundation

/// The names in one folder, in byte order; links are followed.
///
/// Reads with `readdir`, whose entries tell files from folders: a million images are listed without
/// a million calls of `stat`.
struct FolderListing {
  /// The files whose names do not begin with a dot.
  private(set) var files: [String] = []
  /// The folders whose names do not begin with a dot, without macOS's `__MACOSX`.
  private(set) var folders: [String] = []
  /// How many files have names that begin with a dot.
  private(set) var hidden = 0

  var isEmpty: Bool { files.isEmpty && folders.isEmpty }

  /// Lists a folder.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput` if the folder cannot be opened, `badData` if
  ///   a name in it is not UTF-8.
  init(_ path: String) throws(HoldfastError) {
    guard let stream = opendir(path) else {
      let reason = errno == ENOENT ? "there is no such folder" : String(cString: strerror(errno))
      DependencyRecorder.current?.note(path)
      throw .missingInput("\(path): \(reason)", remedy: "Check the path and its permissions.")
    }
    defer { closedir(stream) }
    // Before the names are read: what changes meanwhile must count as a change.
    DependencyRecorder.current?.note(path, descriptor: dirfd(stream))
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
        field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee))
        {
          String(validatingCString: $0)
        }
      }
      guard let name else {
        throw .badData(
          "\(path): a name in this folder is not UTF-8", remedy: "Rename the file or folder.")
      }
      let isFolder = Self.isFolder(name, in: path, type: Int(entry.pointee.d_type))
      if name.hasPrefix(".") {
        if !isFolder { hidden += 1 }
      } else if isFolder {
        if name != "__MACOSX" { folders.append(name) }
      } else {
        files.append(name)
      }
    }
    files.sort(by: precedesInBytes)
    folders.sort(by: precedesInBytes)
  }

  private static func isFolder(_ name: String, in folder: String, type: Int) -> Bool {
    if type == Int(DT_DIR) { return true }
    guard type == Int(DT_LNK) || type == Int(DT_UNKNOWN) else { return false }
    var status = stat()
    return stat(joined(folder, name), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
