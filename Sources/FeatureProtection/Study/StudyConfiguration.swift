import Basics
import Benchmarks
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
      "methods": .array(MethodTable.compared.map(JSONValue.string)),
      "seeds": .integer(1),
      "evaluation-batch-size": .integer(128),
      "evaluate-every": .null,
      "checkpoints": .bool(true),
      "allow-missing": .bool(false),
      "check": .bool(true),
      "metrics": .null,
      "adapter": .null,
      "device": .string("auto"),
      "threads": .integer(0),
      "precision": .string("fp32"),
      "exact": .bool(false),
      "skip-bad": .bool(false),
    ]
    members.merge(TrainingSettings().values) { own, _ in own }
    for method in MethodTable.all {
      var section = method.defaults
      if method.isTrained {
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
    let top = SettingsReader(values: tree.object ?? [:])
    for key in ["name", "model", "head", "classes", "prompts", "adapter", "device"] {
      try top.checkText(key)
    }
    for key in ["checkpoints", "skip-bad", "allow-missing", "check", "exact"] {
      try top.checkFlag(key)
    }
    try top.checkTexts("metrics")
    _ = try metrics
    _ = try top.count("threads", from: 0)
    _ = try top.count("evaluation-batch-size", from: 1)
    _ = try top.count("evaluate-every", from: 1)
    _ = try top.word("precision", among: ["fp32", "bf16"])
    let data = SettingsReader(values: tree["data"]?.object ?? [:], prefix: "data.")
    for key in ["train", "validation"] { try data.checkText(key) }
    for key in ["id", "ood", "general"] where data.values[key]?.string == nil {
      try data.checkTexts(key)
    }
    _ = try data.number("validation-fraction", in: 0...0.5)
    _ = try seeds
    _ = try trainingSettings()
    try top.checkTexts("methods")
    guard !methodNames.isEmpty else {
      throw .usage("methods names none", remedy: "Write methods: [zero-shot, full, …].")
    }
    for name in methodNames { try checkMethod(name) }
  }

  private func checkMethod(_ name: String) throws(HoldfastError) {
    for variant in try variants(of: name) {
      let recipe = try variant.method.recipe(variant.ownSettings)
      if let source = recipe.afterwards.source { try checkMethod(source) }
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
  /// Whether copies that lack images are used all the same; each result then says how many.
  public var allowsMissing: Bool { tree["allow-missing"]?.bool ?? false }
  /// Whether some images of each set are scored before the run; see `ZeroShotCheck`.
  public var checksData: Bool { tree["check"]?.bool ?? true }
  public var device: String { tree["device"]?.string ?? "auto" }
  public var threads: Int { tree["threads"]?.int ?? 0 }
  public var precision: String { tree["precision"]?.string ?? "fp32" }
  /// Whether fast paths are off; see `FastPaths`.
  public var isExact: Bool { tree["exact"]?.bool ?? false }
  public var evaluationBatchSize: Int { tree["evaluation-batch-size"]?.int ?? 128 }
  /// Steps from one look at all evaluation sets to the next, while a method is trained; nil looks at
  /// the end only.
  public var evaluationInterval: Int? { tree["evaluate-every"]?.int }
  /// The part of the training set that is held out where it brings no validation split.
  public var validationFraction: Double { tree["data"]?["validation-fraction"]?.double ?? 0.1 }

  /// What is measured on every set that supports it; nil takes each data set's own metrics.
  public var metrics: [DatasetMetric]? {
    get throws(HoldfastError) {
      guard let names = tree["metrics"]?.array else { return nil }
      return try DatasetMetric.named(names.compactMap(\.string))
    }
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
      guard !list.isEmpty, list.count == tree["seeds"]?.array?.count,
        Set(list).count == list.count
      else {
        throw .usage(
          "seeds is \(tree["seeds"]?.text() ?? "missing")",
          remedy: "Give a number of seeds from 1 to 10000, or a list without repetition.")
      }
      return list
    }
  }

  /// The shared settings, with a method's own values over them.
  func trainingSettings(
    of method: String? = nil, own: [String: JSONValue] = [:]
  ) throws(HoldfastError) -> TrainingSettings {
    let keys = TrainingSettings.keys
    let own = own.filter { keys.contains($0.key) && $0.value != .null }
    var values = (tree.object ?? [:]).filter { keys.contains($0.key) }
    values.merge(own) { _, new in new }
    // A method's own epochs count more than the steps of all methods.
    if own["epochs"] != nil, own["steps"] == nil { values["steps"] = .null }
    return try TrainingSettings(values: values, section: method)
  }
}
