import Basics
import Foundation
import Yams

/// Reads YAML into a JSON value, with the line of whatever is wrong.
enum YAMLReader {
  /// The largest configuration, in bytes, and the most values in one.
  private static let sizeLimit = 1 << 20
  private static let valueLimit = 100_000

  /// The first document of a file.
  ///
  /// - Throws: `HoldfastError`: `missingInput` without the file, `usage` for what is no YAML.
  static func file(_ path: String) throws(HoldfastError) -> JSONValue {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw .missingInput("\(path): the file cannot be opened", remedy: "Check the path.")
    }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: sizeLimit + 1) ?? Data() else {
      throw .missingInput("\(path): the file cannot be read", remedy: "Check that it is a file.")
    }
    guard data.count <= sizeLimit, let text = String(data: data, encoding: .utf8) else {
      throw .usage(
        "\(path): not UTF-8 text of at most 1 MiB", remedy: "Check that it is a configuration.")
    }
    return try value(of: text, source: path)
  }

  /// A document.
  ///
  /// - Parameter source: What errors begin with.
  static func value(of text: String, source: String) throws(HoldfastError) -> JSONValue {
    do {
      var left = valueLimit
      guard let node = try compose(yaml: text) else { return .null }
      return try value(of: node, source, &left)
    } catch let error as HoldfastError {
      throw error
    } catch let error as YamlError {
      throw described(error, source)
    } catch {
      throw .usage("\(source): not valid YAML", remedy: "Check the file.")
    }
  }

  private static func value(
    of node: Node, _ source: String, _ left: inout Int
  ) throws(HoldfastError) -> JSONValue {
    left -= 1
    guard left > 0 else {
      throw .usage(
        "\(source): more than \(valueLimit) values", remedy: "Write fewer aliases and lists.")
    }
    switch node {
    case .scalar(let scalar):
      return scalar.style == .plain || scalar.style == .any
        ? plain(scalar.string) : .string(scalar.string)
    case .sequence(let items):
      var values: [JSONValue] = []
      for item in items { values.append(try value(of: item, source, &left)) }
      return .array(values)
    case .mapping(let pairs):
      var members: [String: JSONValue] = [:]
      for (key, item) in pairs {
        guard let name = key.scalar?.string else {
          throw .usage(
            "\(source)\(place(key.mark)): a key that is no word",
            remedy: "Write key: value.")
        }
        members[name] = try value(of: item, source, &left)
      }
      return .object(members)
    case .alias:
      throw .usage("\(source): an alias without an anchor", remedy: "Write the value out.")
    }
  }

  /// What an unquoted word stands for: a grid such as 0:1:0.1 is a string, 1e-5 a number.
  private static func plain(_ text: String) -> JSONValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE", "yes", "Yes", "on", "On": return .bool(true)
    case "false", "False", "FALSE", "no", "No", "off", "Off": return .bool(false)
    case ".inf", "+.inf": return .number(.infinity)
    case "-.inf": return .number(-.infinity)
    case ".nan": return .number(.nan)
    default: break
    }
    let isNumeric = text.utf8.allSatisfy { "0123456789+-._eE".utf8.contains($0) }
    guard isNumeric, text.contains(where: \.isNumber) else { return .string(text) }
    let digits = text.replacingOccurrences(of: "_", with: "")
    if let number = Int(digits) { return .integer(number) }
    return Double(digits).map(JSONValue.number) ?? .string(text)
  }

  private static func described(_ error: YamlError, _ source: String) -> HoldfastError {
    let remedy = "Correct that line; see 'holdfast compare --help' for an example."
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return .usage("\(source)\(place(mark)): \(problem)", remedy: remedy)
    case .duplicatedKeysInMapping(let names, let context):
      return .usage(
        "\(source)\(place(context.mark)): \(names.sorted().joined(separator: ", ")) is given twice",
        remedy: "Keep one of them.")
    case .reader(let problem, _, _, _):
      return .usage("\(source): \(problem)", remedy: remedy)
    default:
      return .usage("\(source): not valid YAML", remedy: remedy)
    }
  }

  private static func place(_ mark: Mark?) -> String {
    mark.map { ":\($0.line):\($0.column)" } ?? ""
  }
}
