import Basics
import Foundation

/// A fine-tuning method: its name, its own settings, and the recipe they make.
///
/// To add a method, write one file with a type that conforms, and add it to `MethodTable.all`.
public protocol Method: Sendable {
  /// The name on the command line and in results, in kebab-case.
  static var name: String { get }
  /// What it does, in one sentence for `--help`.
  static var summary: String { get }
  /// Its own settings with their defaults: the keys under `<name>.` in a configuration.
  static var defaults: [String: JSONValue] { get }
  /// The recipe for some settings, which have the keys of `defaults`.
  static func recipe(_ settings: MethodSettings) throws(HoldfastError) -> Recipe
}

extension Method {
  public static var defaults: [String: JSONValue] { [:] }

  /// The recipe of the default settings.
  private static var standard: Recipe? {
    try? recipe(MethodSettings(method: name, values: defaults))
  }

  /// Whether it trains by itself, and so has training settings of its own.
  static var isTrained: Bool { standard.map { $0.trainable != .nothing } ?? false }

  /// Whether it averages the variants of another method, and so needs several of them.
  static var isSoup: Bool {
    if case .average = standard?.afterwards { return true }
    return false
  }
}

/// The table of methods, in the order in which tables list them.
public enum MethodTable {
  public static let all: [any Method.Type] = [
    ZeroShot.self, LinearProbe.self, FullFineTuning.self, L1Penalty.self, L2Penalty.self,
    KnowledgeDistillation.self, LoRA.self, WiSEFT.self, UniformSoup.self, GreedySoup.self,
  ]

  public static var names: [String] { all.map { $0.name } }

  /// What a comparison runs where it names no methods: those of arXiv 2405.16027.
  ///
  /// A soup needs a grid of settings besides.
  public static var compared: [String] {
    all.filter { !$0.isSoup }.map { $0.name }
  }

  /// The method of a name.
  ///
  /// - Throws: `HoldfastError` of kind `usage`, with the nearest known name.
  public static func method(_ name: String) throws(HoldfastError) -> any Method.Type {
    if let method = all.first(where: { $0.name == name }) { return method }
    let guess = nearestName(to: name, among: names).map { "Did you mean \($0)? " } ?? ""
    throw .usage(
      "there is no method \(name)", remedy: "\(guess)Known: \(names.joined(separator: ", ")).")
  }
}

/// The values of a method's own settings, read with their types.
public struct MethodSettings: Sendable {
  public let method: String
  public let values: [String: JSONValue]

  public init(method: String, values: [String: JSONValue]) {
    self.method = method
    self.values = values
  }

  /// A number that is not negative.
  public func number(_ key: String) throws(HoldfastError) -> Double {
    guard let number = values[key]?.double, number.isFinite, number >= 0 else {
      throw wrong(key, "a number of at least 0")
    }
    return number
  }

  /// A whole number of at least 1.
  public func count(_ key: String) throws(HoldfastError) -> Int {
    guard let number = values[key]?.int, number > 0 else {
      throw wrong(key, "a whole number of at least 1")
    }
    return number
  }

  public func text(_ key: String) throws(HoldfastError) -> String {
    guard let text = values[key]?.string else { throw wrong(key, "a word") }
    return text
  }

  /// The name of a method that trains.
  public func trainedMethod(_ key: String) throws(HoldfastError) -> String {
    let name = try text(key)
    guard try MethodTable.method(name).isTrained else {
      throw wrong(key, "a method that trains, full for example")
    }
    return name
  }

  /// A list of words, which may be given as one word with commas.
  public func words(_ key: String) throws(HoldfastError) -> [String] {
    switch values[key] {
    case .string(let text):
      return text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    case .array(let items):
      let words = items.compactMap(\.string)
      guard words.count == items.count else { throw wrong(key, "a list of words") }
      return words
    default: throw wrong(key, "a list of words")
    }
  }

  /// The choice among the cases of an enumeration.
  public func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String
  ) throws(HoldfastError) -> Choice {
    let names = Choice.allCases.map(\.rawValue)
    guard let choice = Choice(rawValue: try text(key)) else {
      throw wrong(key, "one of \(names.joined(separator: ", "))")
    }
    return choice
  }

  func wrong(_ key: String, _ expected: String) -> HoldfastError {
    .usage(
      "\(method).\(key) is \(values[key]?.text() ?? "missing")", remedy: "Give \(expected).")
  }
}
