import Basics
import Foundation

/// What `adapter_config.json` says of an adapter, as PEFT's `LoraConfig` means it.
struct AdapterConfiguration {
  let path: String
  /// The rank and alpha of modules that no pattern names.
  let rank: Int
  let alpha: Double
  /// Whether the scale is alpha / √rank: Kalajdzievski 2023, "rsLoRA", arXiv 2312.03732.
  let isRankStabilised: Bool
  /// The model that the adapter was trained on, as it was named there.
  let baseModel: String?
  /// The class that PEFT wrapped, `CLIPModel` say.
  let modelClass: String?
  /// Whether PEFT's version adds the output's update of a fused attention twice; where the file
  /// names no version, it is older than those that do, or holdfast's own.
  let countsOutputTwice: Bool
  private let ranks: [String: Double]
  private let alphas: [String: Double]

  static let name = "adapter_config.json"
  /// How often PEFT up to 0.21.2 adds the output's update of a fused attention.
  static let outputFactor = 2.0

  /// - Throws: `HoldfastError`; what would make other numbers than plain LoRA is refused by name.
  init(folder: String) throws(HoldfastError) {
    path = "\(folder)/\(Self.name)"
    let config = try JSONValue.parse(LimitedFile.read(path, limit: 16 << 20), source: path)
    guard config["peft_type"]?.string == "LORA", let rank = config["r"]?.int, rank > 0,
      let alpha = config["lora_alpha"]?.double
    else {
      throw .badData(
        "\(path): not a LoRA configuration (peft_type, r, lora_alpha)",
        remedy: "Give a folder that PEFT wrote for LoRA.")
    }
    self.rank = rank
    self.alpha = alpha
    isRankStabilised = config["use_rslora"]?.bool ?? false
    baseModel = config["base_model_name_or_path"]?.string
    modelClass = config["auto_mapping"]?["base_model_class"]?.string
    let version = (config["peft_version"]?.string ?? "").split(separator: ".").map { Int($0) ?? 0 }
    countsOutputTwice = !Array([0, 21, 2]).lexicographicallyPrecedes(version)
    ranks = try Self.pattern("rank_pattern", of: config, path)
    alphas = try Self.pattern("alpha_pattern", of: config, path)
    try Self.checkPlain(config, path)
  }

  /// The rank of a module's update.
  func rank(of module: String) throws(HoldfastError) -> Int {
    guard let own = try value(of: Self.patterned(module), in: ranks, "rank_pattern") else {
      return rank
    }
    return Int(exactly: own) ?? 0
  }

  /// What the update of a module is multiplied by.
  func scale(of module: String) throws(HoldfastError) -> Double {
    let rank = Double(try rank(of: module))
    let target = Self.patterned(module)
    let alpha = try value(of: target, in: alphas, "alpha_pattern") ?? alpha
    let times = target != module && countsOutputTwice ? Self.outputFactor : 1
    return times * alpha / (isRankStabilised ? rank.squareRoot() : rank)
  }

  /// The module whose name patterns are held against: PEFT makes the update of a fused attention's
  /// output with the numbers of the attention.
  private static func patterned(_ module: String) -> String {
    let output = ".attn.base_layer.out_proj"
    return module.hasSuffix(output)
      ? String(module.dropLast(".base_layer.out_proj".count)) : module
  }

  /// The entry of the pattern that names a module.
  ///
  /// PEFT takes the first in the file's order; here several must agree.
  private func value(
    of module: String, in table: [String: Double], _ key: String
  ) throws(HoldfastError) -> Double? {
    var found: (pattern: String, value: Double)?
    for (pattern, value) in table.sorted(by: { $0.key < $1.key }) {
      guard try ModulePattern(pattern, source: "\(path): \(key)").matches(module) else { continue }
      if let found, found.value != value {
        throw .badData(
          "\(path): \(key) has two values for \(module): \(found.pattern) and \(pattern)",
          remedy: "Make the patterns name each module once.")
      }
      found = (pattern, value)
    }
    return found?.value
  }

  private static func pattern(
    _ key: String, of config: JSONValue, _ path: String
  ) throws(HoldfastError) -> [String: Double] {
    var table: [String: Double] = [:]
    for (pattern, value) in config[key]?.object ?? [:] {
      guard let number = value.double, number.isFinite, key == "alpha_pattern" || number >= 1 else {
        throw .badData(
          "\(path): \(key) of \(pattern) is \(value.text())", remedy: "Give a number there.")
      }
      table[pattern] = number
    }
    return table
  }

  /// Refuses what changes the numbers in another way than a product of two factors, or changes the
  /// base model: left out, the result would differ from PEFT's without a word.
  private static func checkPlain(_ config: JSONValue, _ path: String) throws(HoldfastError) {
    let empty: Set<JSONValue> = [.null, .bool(false), .object([:]), .array([])]
    // Initialisations after which the base model is as it was.
    let harmless: Set<JSONValue> = [
      .null, .bool(true), .bool(false), .string("gaussian"), .string("eva"), .string("orthogonal"),
    ]
    let refused = [
      "modules_to_save", "fan_in_fan_out", "lora_bias", "layer_replication", "target_parameters",
      "trainable_token_indices", "alora_invocation_tokens",
    ]
    for (key, value) in (config.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      let isPlain =
        switch key {
        case "use_rslora": value == .null || value.bool != nil
        case "rank_pattern", "alpha_pattern": value == .null || value.object != nil
        case "bias": value == .null || value == .string("none")
        case "init_lora_weights": harmless.contains(value)
        // How A was drawn, which is over.
        case "eva_config": true
        case _ where key.hasPrefix("use_") || key.hasSuffix("_config") || refused.contains(key):
          empty.contains(value)
        default: true
        }
      guard isPlain else {
        throw .badData(
          "\(path): \(key) is \(value.text().prefix(200)), which holdfast does not know",
          remedy: "Merge the adapter with PEFT (merge_and_unload), and use the merged model.")
      }
    }
  }
}

/// A key of PEFT's `rank_pattern` or `alpha_pattern`: a regular expression for the end of a
/// module's name, from a dot on (`get_pattern_key` in `peft/utils/other.py`).
private struct ModulePattern {
  private let expression: NSRegularExpression

  /// - Throws: `HoldfastError` of kind `badData` where it is no regular expression, or could take
  ///   very long: a quantified group, or more than three quantifiers.
  init(_ pattern: String, source: String) throws(HoldfastError) {
    let quantifiers = pattern.filter { "*+{".contains($0) }.count
    let isNested = zip(pattern, pattern.dropFirst()).contains { $0 == ")" && "*+{".contains($1) }
    guard pattern.utf8.count <= 1000, quantifiers <= 3, !isNested,
      let expression = try? NSRegularExpression(pattern: "^(?:.*\\.)?(?:\(pattern))$")
    else {
      throw .badData(
        "\(source): cannot match the pattern \(pattern.prefix(200))",
        remedy: "Name the modules plainly, q_proj or vision_model.encoder.layers.0.mlp.fc1 say.")
    }
    self.expression = expression
  }

  func matches(_ module: String) -> Bool {
    expression.firstMatch(
      in: module, range: NSRange(module.startIndex..., in: module)) != nil
  }
}
