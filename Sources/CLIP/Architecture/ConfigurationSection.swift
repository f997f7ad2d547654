import Basics

/// An object of a configuration file, read with defaults and limits.
///
/// A member that is null counts as left out.
struct ConfigurationSection {
  /// The file's name, for errors.
  let source: String
  /// The place in the file, with a dot at the end; empty for the whole of it.
  private let path: String
  private let members: [String: JSONValue]

  /// - Throws: `HoldfastError` of kind `badData` where the file's value is no object.
  init(_ value: JSONValue, source: String) throws(HoldfastError) {
    guard let members = value.object else {
      throw .badData("\(source): not a JSON object", remedy: "Fetch the file again.")
    }
    self.init(source: source, path: "", members: members)
  }

  private init(source: String, path: String, members: [String: JSONValue]) {
    self.source = source
    self.path = path
    self.members = members
  }

  /// The names of what is there, in order.
  var keys: [String] { members.keys.filter { self[$0] != nil }.sorted() }

  subscript(key: String) -> JSONValue? {
    guard let value = members[key], value != .null else { return nil }
    return value
  }

  /// The object under a key; nil where it is left out.
  func section(_ key: String) throws(HoldfastError) -> ConfigurationSection? {
    guard let value = self[key] else { return nil }
    guard let members = value.object else { throw wrong(key, "an object") }
    return ConfigurationSection(source: source, path: "\(path)\(key).", members: members)
  }

  /// An object without members, for a section that is left out.
  func emptySection(_ key: String) -> ConfigurationSection {
    ConfigurationSection(source: source, path: "\(path)\(key).", members: [:])
  }

  /// A whole number; required where there is no standard value.
  func integer(
    _ key: String, _ standard: Int? = nil, from least: Int = 1, atMost limit: Int
  ) throws(HoldfastError) -> Int {
    guard let found = self[key] else {
      guard let standard else { throw missing(key) }
      return standard
    }
    guard let number = found.int, (least...limit).contains(number) else {
      throw wrong(key, "a whole number from \(least) to \(limit)")
    }
    return number
  }

  /// A number above 0.
  func number(_ key: String, _ standard: Double, atMost limit: Double) throws(HoldfastError)
    -> Double
  {
    guard let found = self[key] else { return standard }
    guard let number = found.double, number > 0, number <= limit else {
      throw wrong(key, "a number above 0 and at most \(Int(limit))")
    }
    return number
  }

  /// True or false.
  func flag(_ key: String, _ standard: Bool) throws(HoldfastError) -> Bool {
    guard let found = self[key] else { return standard }
    guard let flag = found.bool else { throw wrong(key, "true or false") }
    return flag
  }

  /// What to throw for a value that is not as it must be.
  func wrong(_ key: String, _ expected: String) -> HoldfastError {
    .badData(
      "\(source): \(path)\(key) is \((self[key] ?? .null).text()), which must be \(expected)",
      remedy: "Correct the configuration, or fetch it again.")
  }

  /// What to throw for a value that is not there and has no default.
  func missing(_ key: String) -> HoldfastError {
    .badData(
      "\(source): there is no \(path)\(key)",
      remedy: "Use the configuration that was published with the weights.")
  }

  /// What to throw for an option that makes a model other than CLIP.
  func unsupported(_ key: String) -> HoldfastError {
    .badData(
      "\(source): \(path)\(key) is \((self[key] ?? .null).text()), an option that holdfast does "
        + "not support",
      remedy: "Use a CLIP with a plain vision transformer or a modified ResNet.")
  }
}
