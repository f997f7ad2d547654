/// A method along one of its numeric settings: the WiSE-FT curve over α, for example.
public struct SettingPath: Hashable, Sendable {
  public struct Point: Hashable, Sendable {
    /// The setting's value.
    public var value: Double
    public var variant: Variant
  }

  /// The key that varies.
  public var key: String
  /// At least two points, in ascending order of the value.
  public var points: [Point]

  /// The key as a reader would say it: "α" or "strength".
  public var keyLabel: String {
    points.first?.variant.keyLabel(key) ?? key
  }

  /// The method, with the settings that do not vary.
  public var label: String {
    guard var variant = points.first?.variant else { return "" }
    variant.setting[key] = nil
    return variant.label
  }

  /// Whether the path runs between reference weights and tuned weights.
  public var isInterpolation: Bool {
    keyLabel == "α"
  }

  /// Groups variants that differ in one number only; groups of one are no path.
  static func paths(among variants: [Variant]) -> [SettingPath] {
    var groups: [Variant: SettingPath] = [:]
    for variant in variants where !variant.isSelected {
      let numeric = variant.setting.filter { $0.value.double?.isFinite == true }.keys.sorted()
      let key = numeric.first { variant.keyLabel($0) == "α" } ?? numeric.first
      guard let key, let value = variant.setting[key]?.double else { continue }
      var rest = variant
      rest.setting[key] = .null
      groups[rest, default: SettingPath(key: key, points: [])].points.append(
        Point(value: value, variant: variant))
    }
    return groups.filter { $0.value.points.count > 1 }.sorted { $0.key < $1.key }.map { group in
      SettingPath(key: group.value.key, points: group.value.points.sorted { $0.value < $1.value })
    }
  }
}
