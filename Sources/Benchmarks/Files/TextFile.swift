import Basics
import Foundation

/// Reading lists and tables whole, with a limit on their size.
enum TextFile {
  /// Tables of a million images are about a hundred megabytes.
  static let limit = 1 << 30

  /// The bytes of a regular file, without the byte order mark.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput` if it cannot be read, `badData` if it is too
  ///   large.
  static func bytes(_ path: String) throws(HoldfastError) -> [UInt8] {
    var status = stat()
    guard stat(path, &status) == 0 else {
      let reason = errno == ENOENT ? "there is no such file" : String(cString: strerror(errno))
      DependencyRecorder.current?.note(path)
      throw .missingInput("\(path): \(reason)", remedy: "Check the path.")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .badData("\(path): not a file", remedy: "Give the path of a file.")
    }
    guard Int(status.st_size) <= limit else {
      throw .badData(
        "\(path): \(status.st_size) bytes are more than a list may have (\(limit))",
        remedy: "Split the file into smaller ones.")
    }
    DependencyRecorder.current?.note(path, FileStamp(status))
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .missingInput("\(path): cannot be read", remedy: "Check the file's permissions.")
    }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    return Array(data.starts(with: mark) ? data.dropFirst(3) : data)
  }
}
