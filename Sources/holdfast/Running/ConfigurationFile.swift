import Basics
import Foundation

/// A configuration file, and those that it builds on by `extends: other.yaml`.
enum ConfigurationFile {
  /// The key whose value is a file, relative to the one that names it.
  private static let extends = "extends"
  private static let deepest = 8

  /// The overlays of a file in the order in which they are applied: what it extends comes first.
  ///
  /// - Throws: `HoldfastError`: `missingInput` without a file, `usage` for what is no configuration
  ///   or extends itself.
  static func overlays(_ path: String) throws(HoldfastError) -> [JSONValue] {
    try overlays(path, depth: 0)
  }

  private static func overlays(_ path: String, depth: Int) throws(HoldfastError) -> [JSONValue] {
    guard depth < deepest else {
      throw .usage(
        "\(path): files extend each other more than \(deepest) deep",
        remedy: "Look for a file that extends itself.")
    }
    let content = try YAMLReader.file(path)
    guard content != .null else { return [] }
    guard case .object(var members) = content, let base = members.removeValue(forKey: extends)
    else { return [content] }
    guard let name = base.string, !name.isEmpty else {
      throw .usage(
        "\(path): extends is \(base.text())", remedy: "Give the path of one configuration.")
    }
    let folder = (path as NSString).deletingLastPathComponent
    let place = name.hasPrefix("/") || folder.isEmpty ? name : "\(folder)/\(name)"
    return try overlays(place, depth: depth + 1) + [.object(members)]
  }
}
