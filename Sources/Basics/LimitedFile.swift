import Foundation

/// Reading a file that must not be large.
public enum LimitedFile {
  /// The content of a file of at most `limit` bytes.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput` where it cannot be read, and `badData` where it
  ///   is larger.
  public static func read(_ path: String, limit: Int) throws(HoldfastError) -> Data {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      let isThere = FileManager.default.fileExists(atPath: path)
      throw .missingInput(
        "\(path): \(isThere ? "the file cannot be opened" : "no such file")",
        remedy: "Check the path and its permissions.")
    }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: limit + 1) ?? Data() else {
      throw .missingInput("\(path): the file cannot be read", remedy: "Check that it is a file.")
    }
    guard data.count <= limit else {
      throw .badData(
        "\(path): larger than \(limit) bytes, the most that is read of such a file",
        remedy: "Check that this is the file you meant.")
    }
    return data
  }
}
