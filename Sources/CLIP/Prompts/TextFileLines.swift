import Basics

/// Texts in a file, one a line, as `holdfast embed --texts` takes them.
public enum TextFileLines {
  /// The lines without the white space around them, empty ones included.
  ///
  /// The end of the last line is no line. The file is UTF-8 of at most 64 MiB.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput`, or `badData` for what is no text or empty.
  public static func read(_ path: String) throws(HoldfastError) -> [String] {
    let lines = try TextLines.read(path, limit: 64 << 20).map(\.text)
    guard !lines.isEmpty else {
      throw .badData("\(path): there are no texts", remedy: "Write one text a line.")
    }
    return lines
  }
}
