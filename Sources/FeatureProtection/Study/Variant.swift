import Basics

/// A method with one value for each of its settings.
///
/// A list where a setting takes one value stands for several variants, each of which is trained
/// and measured; the one to report is chosen on the validation set.
public struct Variant: Sendable {
  public var method: any Method.Type
  public var ownSettings: MethodSettings
  public var training: TrainingSettings
  /// What sets this variant apart from the method's others, as results carry it.
  public var setting: [String: JSONValue]
}

extension StudyConfiguration {
  /// Settings whose value is a list by nature; `alpha` in WiSE-FT only.
  private static let listSettings: Set<String> = [
    "include", "exclude", "targets", "alpha", "betas",
  ]

  /// The variants of a method: the product over its settings that are given as lists.
  public func variants(of name: String) throws(HoldfastError) -> [Variant] {
    let method = try MethodTable.method(name)
    let section = tree[name]?.object ?? [:]
    var combinations: [(values: [String: JSONValue], setting: [String: JSONValue])] = [
      (section, [:])
    ]
    for (key, value) in section.sorted(by: { $0.key < $1.key }) {
      guard case .array(let options) = value,
        !Self.listSettings.contains(key) || (key == "alpha" && method != WiSEFT.self)
      else { continue }
      guard !options.isEmpty else {
        throw .usage("\(name).\(key) is an empty list", remedy: "Give at least one value.")
      }
      combinations = combinations.flatMap { old in
        options.map { option in
          (
            old.values.merging([key: option]) { _, new in new },
            old.setting.merging(["\(name).\(key)": option]) { _, new in new }
          )
        }
      }
    }
    var variants: [Variant] = []
    for (values, setting) in combinations {
      let own = values.filter { method.defaults[$0.key] != nil }
      variants.append(
        Variant(
          method: method, ownSettings: MethodSettings(method: name, values: own),
          training: try trainingSettings(of: name, own: values), setting: setting))
    }
    return variants
  }
}
