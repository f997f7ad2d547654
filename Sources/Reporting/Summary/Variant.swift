import Basics

/// A method in one setting, over all its seeds: a row of the table.
public struct Variant: Hashable, Sendable {
  /// The method's name, `wise-ft` for example.
  public var method: String
  /// The run it comes from, where several runs with differing numbers are shown together.
  public var run: String?
  /// What sets it apart from others of its method; empty for the method as configured.
  public var setting: [String: JSONValue]
  /// Whether its setting was chosen on a validation set, for each seed by itself.
  public var isSelected: Bool

  public init(
    method: String, run: String? = nil, setting: [String: JSONValue] = [:],
    isSelected: Bool = false
  ) {
    self.method = method
    self.run = run
    self.setting = setting
    self.isSelected = isSelected
  }

  /// The variant that a measurement belongs to, whether or not its setting was chosen.
  init(of row: ResultRow) {
    var setting = Self.comparable(row.setting)
    let run = setting.removeValue(forKey: Variant.runKey)?.string
    self.init(method: row.method, run: run, setting: setting)
  }

  /// A setting with 1.0 and 1 as the same number, because a file does not tell them apart.
  static func comparable(_ setting: [String: JSONValue]) -> [String: JSONValue] {
    setting.mapValues { value in value.int.map { .integer($0) } ?? value }
  }

  /// The key of a setting that names the run, added when runs are merged.
  static let runKey = "run"

  /// The α of weight interpolation, if that is what sets the variant apart.
  public var alpha: Double? {
    (setting["alpha"] ?? (method == "wise-ft" ? setting["wise-ft.alpha"] : nil))?.double
  }

  /// The variant as a reader would say it, without the settings that a selection chose.
  public var label: String {
    let settings = setting.sorted { $0.key < $1.key }.map { key, value in
      "\(keyLabel(key)) = \(NumberText.setting(value))"
    }
    return inRun(([methodLabel] + settings).joined(separator: " "))
  }

  /// The label with the run's name behind it, where there is one.
  func inRun(_ label: String) -> String {
    run.map { "\(label) [\($0)]" } ?? label
  }

  /// The method as a reader would say it.
  public var methodLabel: String {
    MethodName.label(method)
  }

  /// The name of a setting, without a prefix that repeats the method.
  func keyLabel(_ key: String) -> String {
    let own = method + "."
    let short = key.hasPrefix(own) ? String(key.dropFirst(own.count)) : key
    return short == "alpha" && (method == "wise-ft" || short == key) ? "α" : short
  }
}

extension Variant: Comparable {
  /// The order of a table: by method, run, and then the plain method, its settings, the chosen one.
  public static func < (left: Variant, right: Variant) -> Bool {
    if left.method != right.method { return MethodName.precedes(left.method, right.method) }
    if left.run != right.run { return (left.run ?? "") < (right.run ?? "") }
    if left.isSelected != right.isSelected { return right.isSelected }
    let keys = (left.setting.keys.sorted(), right.setting.keys.sorted())
    if keys.0 != keys.1 { return keys.0.lexicographicallyPrecedes(keys.1) }
    for key in keys.0 where left.setting[key] != right.setting[key] {
      if let a = left.setting[key]?.double, let b = right.setting[key]?.double, a != b {
        return a < b
      }
      return left.setting[key]?.text() ?? "" < right.setting[key]?.text() ?? ""
    }
    return false
  }
}
