import Basics

/// Strict overlays on a configuration: defaults, then a file, then `--set` options.
///
/// A key that the defaults do not have is an error that names the nearest one they have.
public enum ConfigurationTree {
  /// The tree with the values of `changes` in place of its own.
  ///
  /// - Parameter path: Where the tree lies in the whole, `l2` for example; empty for the whole.
  /// - Throws: `HoldfastError` of kind `usage` for an unknown key, or a section given as a value.
  public static func overlay(
    _ tree: JSONValue, with changes: JSONValue, at path: String = ""
  ) throws(HoldfastError) -> JSONValue {
    guard case .object(var members) = tree else { return changes }
    guard case .object(let new) = changes else {
      throw .usage(
        "\(path.isEmpty ? "the configuration" : path) is \(changes.text())",
        remedy: "It is a section: give keys and values, such as "
          + "\(path.isEmpty ? "" : "\(path).")\(members.keys.min() ?? "key").")
    }
    for (key, value) in new.sorted(by: { $0.key < $1.key }) {
      let full = path.isEmpty ? key : "\(path).\(key)"
      guard let old = members[key] else { throw unknown(full, key, Array(members.keys), path) }
      members[key] = try overlay(old, with: value, at: full)
    }
    return .object(members)
  }

  /// A tree with one value, from `key.path=value`.
  ///
  /// - Parameter parse: Reads the text after `=`, as YAML for example.
  public static func assignment(
    _ text: String, parse: (String) throws(HoldfastError) -> JSONValue
  ) throws(HoldfastError) -> JSONValue {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw .usage("--set \(text): there is no =", remedy: "Write --set key.path=value.")
    }
    var value = try parse(String(text[text.index(after: equals)...]))
    for key in text[..<equals].split(separator: ".").reversed() {
      value = .object([String(key): value])
    }
    return value
  }

  private static func unknown(
    _ full: String, _ key: String, _ known: [String], _ path: String
  ) -> HoldfastError {
    let names = known.sorted()
    let guess = nearestName(to: key, among: names).map {
      "Did you mean \(path.isEmpty ? $0 : "\(path).\($0)")? "
    }
    return .usage(
      "there is no setting \(full)",
      remedy: "\(guess ?? "")Known\(path.isEmpty ? "" : " under \(path)"): "
        + "\(names.joined(separator: ", ")).")
  }
}
