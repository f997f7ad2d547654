import Basics
import CLIP
import Foundation
import Torch

extension LowRankAdapters {
  /// One update as it is stored.
  private struct Stored {
    /// The module whose name its tensors have.
    var module: String
    /// The module that PEFT is told to hang it on.
    var target: String
    var down: Tensor
    var up: Tensor
    var alpha: Double

    var rank: Int { down.shape[0] }
    var scale: Double { alpha / Double(rank) }

    /// Gives the update another scale, and B what that takes away.
    mutating func rescale(to scale: Double, times factor: Double = 1) throws(HoldfastError) {
      let rest = self.scale == scale ? factor : self.scale / scale * factor
      if rest != 1 { up = try up * rest }
      alpha = scale * Double(rank)
    }

    /// The same update with a greater rank: rows and columns of zeros.
    func padded(to rank: Int) throws(HoldfastError) -> Stored {
      guard rank > self.rank else { return self }
      var result = self
      let missing = rank - self.rank
      result.down = try .concatenated([down, .zeros([missing, down.shape[1]])])
      result.up = try .concatenated([up, .zeros([up.shape[0], missing])], dimension: 1)
      result.alpha = scale * Double(rank)
      return result
    }
  }

  /// Writes a folder that PEFT reads: `adapter_config.json` and `adapter_model.safetensors`.
  ///
  /// - Parameters:
  ///   - baseModel: What `base_model_name_or_path` is to say.
  ///   - naming: Whose model it is for. For `open_clip`, updates of queries, keys and values become
  ///     one fused update: A holds theirs one below the other, B theirs in blocks on its diagonal,
  ///     of the rank that the ranks add up to. The output's update gets the same rank, padded with
  ///     zeros, as PEFT wants it, and half its size, as PEFT up to 0.21 counts it twice; see
  ///     `AdapterNaming`.
  /// - Throws: `HoldfastError` of kind `usage` where `open_clip` has no module for an update.
  public func write(
    to folder: String, baseModel: String, naming: AdapterNaming = .huggingFace
  ) throws(HoldfastError) {
    let stored = try naming == .huggingFace ? asTransformers() : asOpenCLIP()
    var tensors: [(name: String, tensor: Tensor)] = []
    for update in stored {
      tensors.append((Self.downName(update.module), update.down))
      tensors.append((Self.upName(update.module), update.up))
    }
    try SafetensorsFile.write(tensors, to: "\(folder)/adapter_model.safetensors")
    let config = configuration(of: stored, baseModel: baseModel, naming: naming)
    try AtomicFile.write(
      config.text(pretty: true) + "\n", to: "\(folder)/\(AdapterConfiguration.name)")
  }

  private func stored(_ module: String) throws(HoldfastError) -> Stored {
    let down = try weights.tensor(Self.downName(module)).to(.cpu)
    let ownRank = down.shape[0]
    return Stored(
      module: module, target: module, down: down,
      up: try weights.tensor(Self.upName(module)).to(.cpu),
      alpha: ownScales[module].map { $0 * Double(ownRank) }
        ?? (ownRank == rank ? alpha : scale * Double(ownRank)))
  }

  private func asTransformers() throws(HoldfastError) -> [Stored] {
    var result: [Stored] = []
    for module in modules { result.append(try stored(module)) }
    return result
  }

  private func asOpenCLIP() throws(HoldfastError) -> [Stored] {
    var result: [Stored] = []
    var attentions: [String: [Stored]] = [:]
    var order: [String] = []
    for module in modules {
      guard let place = AdapterNaming.openCLIPPlace(module) else {
        throw .usage(
          "open_clip has no module for the update of \(module)",
          remedy: "Write the adapter with the names of transformers, or merge it into the model.")
      }
      var update = try stored(module)
      if place.map.hasPrefix("attn") {
        let name = "\(place.block).attn"
        if attentions[name] == nil { order.append(name) }
        attentions[name, default: []].append(update)
      } else {
        update.module = "\(place.block).\(place.map)"
        update.target = update.module
        result.append(update)
      }
    }
    for name in order { result += try fused(attentions[name] ?? [], name: name) }
    return result
  }

  /// The pair of updates that PEFT has for a `nn.MultiheadAttention`: of the fused projections and
  /// of the output, of one rank and alpha.
  private func fused(_ parts: [Stored], name: String) throws(HoldfastError) -> [Stored] {
    let width = parts[0].down.shape[1]
    var projections: [Stored?] = AdapterNaming.projections.map { target in
      parts.first { $0.module.hasSuffix(target) }
    }
    var output = parts.first { $0.module.hasSuffix("out_proj") }
    // One scale for all; where they differ, the rest goes into B.
    let scale = (projections + [output]).lazy.compactMap { $0?.scale }.first { $0 != 0 } ?? 0
    for index in projections.indices { try projections[index]?.rescale(to: scale) }
    try output?.rescale(to: scale, times: 1 / AdapterConfiguration.outputFactor)
    let (down, up) = try Self.fused(projections, width: width)
    let input = Stored(
      module: name, target: name, down: down, up: up, alpha: scale * Double(down.shape[0]))
    let none = Stored(
      module: name, target: name, down: try .zeros([1, width]), up: try .zeros([width, 1]),
      alpha: scale)
    var padded = output ?? none
    padded.module = "\(name).base_layer.out_proj"
    padded.target = name
    let rank = max(input.rank, padded.rank)
    return [try input.padded(to: rank), try padded.padded(to: rank)]
  }

  /// The factors of `[3 · width, width]` from those of its thirds; without any, of rank 1 and zero.
  private static func fused(
    _ parts: [Stored?], width: Int
  ) throws(HoldfastError) -> (down: Tensor, up: Tensor) {
    let present = parts.compactMap { $0 }
    guard let first = present.first else {
      return (try .zeros([1, width]), try .zeros([3 * width, 1]))
    }
    // What was one fused update before, with one A, is one again, bit for bit.
    let values = try first.down.elements(as: Float.self)
    var isShared = present.count == parts.count
    for part in present where isShared {
      isShared = try part.down.elements(as: Float.self) == values
    }
    if isShared { return (first.down, try .concatenated(present.map(\.up))) }
    let rank = present.reduce(0) { $0 + $1.rank }
    var rows: [Tensor] = []
    var column = 0
    for part in parts {
      guard let part else {
        rows.append(try .zeros([width, rank]))
        continue
      }
      let (left, right) = (column, rank - column - part.rank)
      rows.append(
        try .concatenated(
          [.zeros([width, left]), part.up, .zeros([width, right])], dimension: 1))
      column += part.rank
    }
    return (try .concatenated(present.map(\.down)), try .concatenated(rows))
  }
}

// MARK: - adapter_config.json

extension LowRankAdapters {
  /// The keys that every PEFT knows; what is left out has the default of plain LoRA.
  private func configuration(
    of stored: [Stored], baseModel: String, naming: AdapterNaming
  ) -> JSONValue {
    struct Numbers: Hashable {
      var rank: Int
      var alpha: Double
    }
    var counts: [Numbers: Int] = [:]
    for update in stored {
      counts[Numbers(rank: update.rank, alpha: update.alpha), default: 0] += 1
    }
    // The numbers of most updates are the general ones; patterns name the others.
    let general =
      counts.max { ($0.value, $1.key.rank) < ($1.value, $0.key.rank) }?.key
      ?? Numbers(rank: rank, alpha: alpha)
    var ranks: [String: JSONValue] = [:]
    var alphas: [String: JSONValue] = [:]
    for update in stored {
      // Anchored where the end of another module's name is the same.
      let key = update.target.hasPrefix("transformer.") ? "^\(update.target)" : update.target
      if update.rank != general.rank { ranks[key] = .integer(update.rank) }
      if update.alpha != general.alpha { alphas[key] = .number(update.alpha) }
    }
    let mapping: JSONValue = .object([
      "base_model_class": .string("CLIPModel"),
      "parent_library": .string("transformers.models.clip.modeling_clip"),
    ])
    return .object([
      "peft_type": .string("LORA"), "r": .integer(general.rank),
      "lora_alpha": .number(general.alpha), "rank_pattern": .object(ranks),
      "alpha_pattern": .object(alphas), "lora_dropout": .number(0), "bias": .string("none"),
      "target_modules": .string(Self.pattern(of: stored.map(\.target))),
      "base_model_name_or_path": .string(baseModel), "task_type": .null,
      "auto_mapping": naming == .huggingFace ? mapping : .null, "fan_in_fan_out": .bool(false),
      "inference_mode": .bool(true), "modules_to_save": .null, "init_lora_weights": .bool(true),
    ])
  }

  /// A regular expression for exactly these modules: layers with the same maps are one alternative.
  private static func pattern(of modules: [String]) -> String {
    func escaped(_ text: some StringProtocol) -> String {
      text.replacingOccurrences(of: ".", with: "\\.")
    }
    var maps: [String: Set<String>] = [:]
    var others: [String] = []
    var layers: [String] = []
    for module in modules {
      let parts = module.split(separator: ".")
      guard let number = parts.firstIndex(where: { Int($0) != nil }), number + 1 < parts.count
      else {
        others.append(escaped(module))
        continue
      }
      let layer = parts[...number].joined(separator: ".")
      if maps[layer] == nil { layers.append(layer) }
      maps[layer, default: []].insert(parts[(number + 1)...].joined(separator: "."))
    }
    var alternatives: [(stack: String, maps: Set<String>, numbers: [String])] = []
    for layer in layers {
      let parts = layer.split(separator: ".")
      let stack = parts.dropLast().joined(separator: ".")
      let number = parts.last.map(String.init) ?? ""
      if let index = alternatives.firstIndex(where: {
        $0.stack == stack && $0.maps == maps[layer]
      }) {
        alternatives[index].numbers.append(number)
      } else {
        alternatives.append((stack, maps[layer] ?? [], [number]))
      }
    }
    let layered = alternatives.map {
      "\(escaped($0.stack))\\.(\($0.numbers.joined(separator: "|")))"
        + "\\.(\($0.maps.sorted().map(escaped).joined(separator: "|")))"
    }
    return (layered + others).joined(separator: "|")
  }
}
