import Basics

/// The names of a data set's classes, in the order of their indices.
///
/// A name may appear twice: ImageNet has two classes that are both called "missile".
public struct ClassNames: Sendable, Hashable {
  /// The names; the first belongs to class 0.
  public let names: [String]

  /// The names in a file of one name a line, as `--classes` takes it.
  ///
  /// White space around a name is taken off. The file is UTF-8 of at most 16 MiB.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput`, or `badData` with the line that is blank,
  ///   which would shift every class after it, or is not UTF-8.
  public init(file path: String) throws(HoldfastError) {
    let lines = try TextLines.read(path, limit: 16 << 20)
    for line in lines where line.text.isEmpty {
      throw .badData(
        "\(path):\(line.number): a blank line where the name of class \(line.number - 1) belongs",
        remedy: "Write one class name a line, and no blank lines.")
    }
    guard !lines.isEmpty else {
      throw .badData("\(path): no class names", remedy: "Write one class name a line.")
    }
    names = lines.map(\.text)
  }

  /// How two lists of names differ, for an error: `(3 and 2)`, or the first class of two names.
  public static func difference(_ one: [String], _ other: [String]) -> String {
    guard one.count == other.count, let place = one.indices.first(where: { one[$0] != other[$0] })
    else { return "(\(one.count) and \(other.count))" }
    return "(class \(place) is '\(one[place])' and '\(other[place])')"
  }
}
