import Basics
import Foundation
import Torch

/// Low-rank updates of a tower's linear maps, named and stored as PEFT does.
public struct LowRankAdapters: Sendable {
  /// `base_model.model.<module>.lora_A.weight [rank, in]` and `….lora_B.weight [out, rank]`.
  public var weights: Weights
  public var rank: Int
  public var alpha: Double
  /// The last part of the modules' names, `q_proj` for example.
  public var targets: [String]

  static let prefix = "base_model.model."

  /// Fresh updates: A uniform in ±1/√in as PEFT draws it, B zero.
  ///
  /// - Parameter layout: The tensors of the model; every target in its vision tower gets an update.
  public init(
    for layout: WeightsLayout, rank: Int, alpha: Double, targets: [String], seed: Int,
    device: Device = .cpu
  ) throws(HoldfastError) {
    self.rank = rank
    self.alpha = alpha
    self.targets = targets
    var groups: [[(name: String, shape: [Int])]] = []
    for entry in layout.entries {
      guard let module = Self.module(of: entry.name), entry.shape.count == 2,
        targets.contains(module.split(separator: ".").last.map(String.init) ?? "")
      else { continue }
      groups.append([(Self.downName(module), [rank, entry.shape[1]])])
      groups.append([(Self.upName(module), [entry.shape[0], rank])])
    }
    guard !groups.isEmpty else {
      throw .usage(
        "no linear map of the model is among \(targets.joined(separator: ", "))",
        remedy: "Choose lora.targets from \(LoRA.knownTargets.joined(separator: ", ")).")
    }
    let factors = try WeightsLayout(groups: groups)
    weights = try Weights(layout: factors, device: device) { (name) throws(HoldfastError) in
      let shape = factors[name]?.shape ?? []
      guard name.hasSuffix("lora_A.weight") else { return try Tensor.zeros(shape) }
      let bound = 1 / Double(shape[1]).squareRoot()
      var random = CounterRandom(
        TrainingSet.Purpose.adapter, seed, factors.names.firstIndex(of: name) ?? 0)
      let values = (0..<shape[0] * shape[1]).map { _ in Float(random.uniform(-bound, bound)) }
      return try Tensor(values, shape: shape)
    }
  }

  init(weights: Weights, rank: Int, alpha: Double, targets: [String]) {
    self.weights = weights
    self.rank = rank
    self.alpha = alpha
    self.targets = targets
  }

  /// What an update is multiplied by: alpha / rank.
  public var scale: Double { alpha / Double(rank) }

  /// These updates with the values of the same names in other weights.
  func with(_ values: Weights) throws(HoldfastError) -> LowRankAdapters {
    LowRankAdapters(
      weights: try values.filtered { weights.layout[$0] != nil }, rank: rank, alpha: alpha,
      targets: targets)
  }

  /// The update of a model's tensor, its factors taken from `source`.
  func adapter(
    for name: String, from source: some ParameterSource
  ) throws(HoldfastError) -> LowRankAdapter? {
    guard let module = Self.module(of: name), weights.contains(Self.downName(module)) else {
      return nil
    }
    return LowRankAdapter(
      down: try source.tensor(Self.downName(module)), up: try source.tensor(Self.upName(module)),
      scale: scale)
  }

  /// The model with its updates added: W + alpha / rank · B · A.
  public func merged(into base: Weights) throws(HoldfastError) -> Weights {
    let result = try base.clone()
    for name in base.names {
      guard let adapter = try adapter(for: name, from: weights) else { continue }
      let weight = try result.tensor(name)
      try weight.copy(from: weight + adapter.up.matmul(adapter.down) * scale)
    }
    return result
  }

  /// The linear map of the vision tower's blocks that a tensor is the weight of, or nil.
  private static func module(of name: String) -> String? {
    let parts = name.split(separator: ".")
    guard parts.first == "vision_model", parts.last == "weight",
      let last = parts.dropLast().last, LoRA.knownTargets.contains(String(last))
    else { return nil }
    return String(name.dropLast(".weight".count))
  }

  private static func downName(_ module: String) -> String { "\(prefix)\(module).lora_A.weight" }

  private static func upName(_ module: String) -> String { "\(prefix)\(module).lora_B.weight" }
}

// MARK: - PEFT's folder

extension LowRankAdapters {
  /// Reads `adapter_config.json` and `adapter_model.safetensors`.
  ///
  /// - Parameter layout: The tensors of the model that the updates must fit.
  public static func read(
    _ folder: String, for layout: WeightsLayout
  ) throws(HoldfastError) -> LowRankAdapters {
    let configPath = "\(folder)/adapter_config.json"
    guard let data = FileManager.default.contents(atPath: configPath) else {
      throw .missingInput(
        "\(configPath): no such file", remedy: "Give a folder that PEFT wrote.")
    }
    let config = try JSONValue.parse(data, source: configPath)
    guard config["peft_type"]?.string == "LORA", let rank = config["r"]?.int, rank > 0,
      let alpha = config["lora_alpha"]?.double
    else {
      throw .badData(
        "\(configPath): not a LoRA configuration (peft_type, r, lora_alpha)",
        remedy: "Give a folder that PEFT wrote for LoRA.")
    }
    // Variants of LoRA that would be read as plain LoRA, with other numbers than PEFT's.
    for key in ["use_rslora", "use_dora", "alpha_pattern", "rank_pattern"] {
      let value = config[key] ?? .null
      guard [.null, .bool(false), .object([:])].contains(value) else {
        throw .badData(
          "\(configPath): \(key) is \(value.text()), which holdfast does not know",
          remedy: "Use an adapter of plain LoRA with one rank and one alpha.")
      }
    }
    let file = try SafetensorsFile(path: "\(folder)/adapter_model.safetensors")
    let weights = try file.weights()
    var targets: Set<String> = []
    for entry in weights.layout.entries {
      let base = entry.name.hasPrefix(prefix) ? entry.name.dropFirst(prefix.count) : ""
      let isDown = base.hasSuffix(".lora_A.weight")
      guard isDown || base.hasSuffix(".lora_B.weight") else {
        throw .badData(
          "\(file.path): \(entry.name) is no factor of a low-rank update",
          remedy: "Use an adapter that trains nothing but LoRA factors.")
      }
      let module = String(base.dropLast(".lora_A.weight".count))
      let shape = layout[module + ".weight"]?.shape ?? []
      let expected = shape.count == 2 ? (isDown ? [rank, shape[1]] : [shape[0], rank]) : []
      guard entry.shape == expected, Self.module(of: module + ".weight") != nil,
        weights.contains(downName(module)), weights.contains(upName(module))
      else {
        throw .badData(
          "\(file.path): \(entry.name) \(entry.shape) does not fit the model",
          remedy: "Use the adapter that belongs to this model.")
      }
      targets.insert(module.split(separator: ".").last.map(String.init) ?? "")
    }
    guard !targets.isEmpty else {
      throw .badData(
        "\(file.path): there are no low-rank updates in it",
        remedy: "Give a folder that PEFT wrote for LoRA.")
    }
    return LowRankAdapters(
      weights: weights, rank: rank, alpha: alpha, targets: targets.sorted())
  }

  /// Writes a folder that PEFT reads for `CLIPModel` and `CLIPVisionModelWithProjection`.
  public func write(to folder: String, baseModel: String) throws(HoldfastError) {
    try SafetensorsFile.write(weights, to: "\(folder)/adapter_model.safetensors")
    // A regular expression, as PEFT allows, so that the text tower's modules stay out.
    let pattern = "vision_model\\..*\\.(\(targets.joined(separator: "|")))"
    let config = JSONValue.object([
      "peft_type": .string("LORA"), "r": .integer(rank), "lora_alpha": .number(alpha),
      "lora_dropout": .number(0), "bias": .string("none"), "target_modules": .string(pattern),
      "base_model_name_or_path": .string(baseModel), "task_type": .null,
      "fan_in_fan_out": .bool(false), "inference_mode": .bool(true),
      "modules_to_save": .null, "init_lora_weights": .bool(true),
    ])
    try AtomicFile.write(config.text(pretty: true) + "\n", to: "\(folder)/adapter_config.json")
  }
}
