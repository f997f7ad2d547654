import Basics
import Foundation

/// A JSON value as a YAML document that YAML 1.1 and 1.2 readers understand alike.
public enum YAMLText {
  /// The document: keys in byte order, two spaces a level, short lists of plain values on one line.
  ///
  /// Every number reads back as the same number; a string that could be taken for something else
  /// stands in double quotes, as JSON writes it.
  public static func document(_ value: JSONValue) -> String {
    switch value {
    case .object(let members) where !members.isEmpty: return block(value, indent: "")
    case .array(let items) where !items.isEmpty: return block(value, indent: "")
    default: return inline(value) + "\n"
    }
  }

  private static func block(_ value: JSONValue, indent: String) -> String {
    switch value {
    case .object(let members):
      return members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { indent + string($0.key) + ":" + after($0.value, indent: indent) }.joined()
    case .array(let items):
      return items.map { indent + "-" + after($0, indent: indent) }.joined()
    default:
      return indent + inline(value) + "\n"
    }
  }

  private static func after(_ value: JSONValue, indent: String) -> String {
    switch value {
    case .object(let members) where !members.isEmpty: break
    case .array(let items) where items.contains { $0.array != nil || $0.object != nil }: break
    default: return " " + inline(value) + "\n"
    }
    return "\n" + block(value, indent: indent + "  ")
  }

  private static func inline(_ value: JSONValue) -> String {
    switch value {
    case .null: return "null"
    case .bool(let flag): return flag ? "true" : "false"
    case .integer(let number): return String(number)
    case .number(let number): return text(number)
    case .string(let text): return string(text)
    case .array(let items): return "[" + items.map(inline).joined(separator: ", ") + "]"
    case .object(let members): return members.isEmpty ? "{}" : value.text()
    }
  }

  /// YAML 1.1 wants a point in a number with an exponent: `1.0e-05`.
  private static func text(_ number: Double) -> String {
    guard number.isFinite else { return number.isNaN ? ".nan" : number < 0 ? "-.inf" : ".inf" }
    let text = number.description
    guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
    return text[..<exponent] + ".0" + text[exponent...]
  }

  private static func string(_ text: String) -> String {
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
    let isPlain =
      text.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || "0123456789_-./".unicodeScalars.contains($0))
      } && text.first.map { $0.isLetter || $0 == "/" } ?? false
      && !words.contains(text.lowercased())
    return isPlain ? text : JSONValue.string(text).text()
  }
}
