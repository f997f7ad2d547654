import Basics
import Torch

/// Low-rank updates of a CLIP's linear maps, W + scale · B · A.
///
/// Hu et al. 2021, "LoRA", arXiv 2106.09685. Names are those that PEFT gives a `CLIPModel`,
/// whatever the naming of the file they were read from.
public struct LowRankAdapters: Sendable {
  /// `base_model.model.<module>.lora_A.weight [rank, in]` and `….lora_B.weight [out, rank]`.
  public var weights: Weights
  /// The rank of updates in general; one may have another, which its factors' shapes say.
  public var rank: Int
  public var alpha: Double
  /// What an update is multiplied by where that is not alpha / rank, by module.
  public var ownScales: [String: Double]

  static let prefix = "base_model.model."

  /// Fresh updates: A uniform in ±1/√in as PEFT draws it, B zero.
  ///
  /// - Parameter layout: The tensors of the model; every target in its vision tower gets an update.
  public init(
    for layout: WeightsLayout, rank: Int, alpha: Double, targets: [String], seed: Int,
    device: Device = .cpu
  ) throws(HoldfastError) {
    var groups: [[(name: String, shape: [Int])]] = []
    for entry in layout.entries where entry.shape.count == 2 {
      guard let module = Self.module(of: entry.name), Self.isTrainable(module),
        targets.contains(Self.target(module))
      else { continue }
      groups.append([(Self.downName(module), [rank, entry.shape[1]])])
      groups.append([(Self.upName(module), [entry.shape[0], rank])])
    }
    guard !groups.isEmpty else {
      if !layout.names.contains(where: { $0.hasPrefix("vision_model.encoder.") }) {
        throw .usage(
          "the vision tower is a ResNet: it has convolutions, and LoRA's updates are of the linear "
            + "maps of a transformer's blocks",
          remedy: "Use another method, full or l2 for example, or a vision transformer.")
      }
      throw .usage(
        "no linear map of the model is among \(targets.joined(separator: ", "))",
        remedy: "Choose lora.targets from \(LoRA.knownTargets.joined(separator: ", ")).")
    }
    let factors = try WeightsLayout(groups: groups)
    let weights = try Weights(layout: factors, device: device) { (name) throws(HoldfastError) in
      let shape = factors[name]?.shape ?? []
      guard name.hasSuffix("lora_A.weight") else { return try Tensor.zeros(shape) }
      let bound = 1 / Double(shape[1]).squareRoot()
      var random = CounterRandom(
        TrainingSet.Purpose.adapter, seed, factors.names.firstIndex(of: name) ?? 0)
      let values = (0..<shape[0] * shape[1]).map { _ in Float(random.uniform(-bound, bound)) }
      return try Tensor(values, shape: shape)
    }
    self.init(weights: weights, rank: rank, alpha: alpha)
  }

  /// Updates whose factors are there already.
  init(weights: Weights, rank: Int, alpha: Double, ownScales: [String: Double] = [:]) {
    self.weights = weights
    self.rank = rank
    self.alpha = alpha
    self.ownScales = ownScales
  }

  /// What an update without a scale of its own is multiplied by: alpha / rank.
  public var scale: Double { alpha / Double(rank) }

  /// What the update of a module is multiplied by.
  public func scale(of module: String) -> Double { ownScales[module] ?? scale }

  /// The modules with an update, `vision_model.encoder.layers.0.mlp.fc1` say, in buffer order.
  public var modules: [String] {
    weights.names.filter { $0.hasSuffix(".lora_A.weight") }
      .map { String($0.dropFirst(Self.prefix.count).dropLast(".lora_A.weight".count)) }
  }

  /// The last parts of the modules' names, `q_proj` for example, in alphabetical order.
  public var targets: [String] { Set(modules.map(Self.target)).sorted() }

  /// These updates with the values of the same names in other weights.
  func with(_ values: Weights) throws(HoldfastError) -> LowRankAdapters {
    var result = self
    result.weights = try values.filtered { weights.layout[$0] != nil }
    return result
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
      scale: scale(of: module))
  }

  /// The model with its updates added: W + scale · B · A.
  ///
  /// - Throws: `HoldfastError` of kind `badData` where the model lacks a map that has an update.
  public func merged(into base: Weights) throws(HoldfastError) -> Weights {
    let result = try base.clone()
    for module in modules {
      let weight = try result.tensor("\(module).weight")
      let down = try weights.tensor(Self.downName(module))
      let up = try weights.tensor(Self.upName(module))
      try weight.copy(from: weight + up.matmul(down) * scale(of: module))
    }
    return result
  }

  /// Refuses updates that the forward pass of training does not reach.
  func checkTrainable() throws(HoldfastError) {
    guard let other = modules.first(where: { !Self.isTrainable($0) }) else { return }
    throw .badData(
      "the adapter changes \(other), which training does not reach",
      remedy: "Merge it into the model first (holdfast merge --adapter), and train that.")
  }

  /// Whether training has an update of a module: the linear maps of the vision tower's blocks.
  private static func isTrainable(_ module: String) -> Bool {
    module.hasPrefix("vision_model.") && LoRA.knownTargets.contains(target(module))
  }

  private static func target(_ module: String) -> String {
    module.split(separator: ".").last.map(String.init) ?? module
  }

  /// The module that a tensor is the weight of, or nil.
  private static func module(of name: String) -> String? {
    name.hasSuffix(".weight") ? String(name.dropLast(".weight".count)) : nil
  }

  static func downName(_ module: String) -> String { "\(prefix)\(module).lora_A.weight" }

  static func upName(_ module: String) -> String { "\(prefix)\(module).lora_B.weight" }
}
