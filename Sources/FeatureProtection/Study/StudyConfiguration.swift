import Basics
import Images

/// The resolved configuration of a comparison: everything that decides its numbers.
///
/// Keys are those of INTERFACE: shared training settings at the top level, a section for each
/// method with its own settings and, where wanted, its own values of the shared ones.
public struct StudyConfiguration: Sendable {
  /// The whole tree, as `config.yaml` holds it.
  public let tree: JSONValue

  /// The defaults of every key.
  public static var defaults: JSONValue {
    var members: [String: JSONValue] = [
      "name": .string("compare"),
      "model": .string(ModelLocation.builtin),
      "head": .string("zero-shot"),
      "classes": .null,
      "prompts": .null,
      "data": .object([
        "train": .string(""), "validation": .null, "validation-fraction": .number(0.1),
        "id": .array([]), "ood": .array([]), "general": .array([]),
      ]),
      "methods": .array(MethodTable.names.map(JSONValue.string)),
      "seeds": .integer(1),
      "evaluation-batch-size": .integer(128),
      "checkpoints": .bool(true),
      "adapter": .null,
      "device": .string("auto"),
      "threads": .integer(0),
      "precision": .string("fp32"),
      "skip-bad": .bool(false),
    ]
    members.merge(TrainingSettings().values) { own, _ in own }
    for method in MethodTable.all {
      var section = method.defaults
      if method != ZeroShot.self, method != WiSEFT.self {
        // Null stands for "as at the top level".
        for key in TrainingSettings.keys { section[key] = .null }
      }
      if !section.isEmpty { members[method.name] = .object(section) }
    }
    return .object(members)
  }

  /// Overlays changes on the defaults, one after the other, and checks every value.
  ///
  /// - Throws: `HoldfastError` of kind `usage`, naming the key.
  public init(_ changes: [JSONValue] = []) throws(HoldfastError) {
    var tree = Self.defaults
    for change in changes { tree = try ConfigurationTree.overlay(tree, with: change) }
    self.tree = tree
    try check()
  }

  private func check() throws(HoldfastError) {
    _ = try trainingSettings(for: nil)
    for name in methodNames {
      for variant in try variants(of: name) { _ = try variant.method.recipe(variant.ownSettings) }
    }
    _ = try seeds
    _ = try SettingsReader(values: tree.object ?? [:]).word("precision", among: ["fp32", "bf16"])
    guard tree["methods"]?.array != nil else {
      throw .usage("methods is not a list", remedy: "Write methods: [zero-shot, full, …].")
    }
  }

  public var name: String { tree["name"]?.string ?? "compare" }
  public var model: String { tree["model"]?.string ?? "" }
  /// `zero-shot`, or a `head.safetensors` to start from.
  public var head: String { tree["head"]?.string ?? "zero-shot" }
  public var classesFile: String? { tree["classes"]?.string }
  /// A file, or one of `openai-80`, `openai-7`, `simple`.
  public var prompts: String? { tree["prompts"]?.string }
  public var trainData: String { tree["data"]?["train"]?.string ?? "" }
  public var validationData: String? { tree["data"]?["validation"]?.string }
  public var adapterFolder: String? { tree["adapter"]?.string }
  public var savesCheckpoints: Bool { tree["checkpoints"]?.bool ?? true }
  public var skipsBadImages: Bool { tree["skip-bad"]?.bool ?? false }
  public var device: String { tree["device"]?.string ?? "auto" }
  public var threads: Int { tree["threads"]?.int ?? 0 }
  public var precision: String { tree["precision"]?.string ?? "fp32" }
  public var evaluationBatchSize: Int { max(tree["evaluation-batch-size"]?.int ?? 128, 1) }
  /// The part of the training set that is held out where it brings no validation split.
  public var validationFraction: Double {
    min(max(tree["data"]?["validation-fraction"]?.double ?? 0.1, 0), 0.5)
  }

  /// The data sets of a role, as the user names them.
  public func evaluationData(_ role: ResultRow.Role) -> [String] {
    let key: String
    switch role {
    case .inDistribution: key = "id"
    case .outOfDistribution: key = "ood"
    case .general: key = "general"
    case .validation: return validationData.map { [$0] } ?? []
    }
    switch tree["data"]?[key] {
    case .array(let items)?: return items.compactMap(\.string)
    case .string(let text)?: return [text]
    default: return []
    }
  }

  public var methodNames: [String] { (tree["methods"]?.array ?? []).compactMap(\.string) }

  /// The seeds: a list, or 0..<n where a number is given.
  public var seeds: [Int] {
    get throws(HoldfastError) {
      if let count = tree["seeds"]?.int, (1...10_000).contains(count) { return Array(0..<count) }
      let list = (tree["seeds"]?.array ?? []).compactMap(\.int)
      guard !list.isEmpty, list.count == tree["seeds"]?.array?.count else {
        throw .usage(
          "seeds is \(tree["seeds"]?.text() ?? "missing")",
          remedy: "Give a number of seeds of at least 1, or a list.")
      }
      return list
    }
  }

  /// The shared settings, with a method's own values over them.
  public func trainingSettings(for method: String?) throws(HoldfastError) -> TrainingSettings {
    var values = (tree.object ?? [:]).filter { TrainingSettings.keys.contains($0.key) }
    if let method, let section = tree[method]?.object {
      for (key, value) in section where TrainingSettings.keys.contains(key) && value != .null {
        values[key] = value
      }
    }
    return try TrainingSettings(values: values)
  }
}
