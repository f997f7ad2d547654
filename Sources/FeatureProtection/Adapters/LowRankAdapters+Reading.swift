import Basics
import CLIP
import Foundation
import Torch

extension LowRankAdapters {
  /// Reads `adapter_config.json` and `adapter_model.safetensors` as PEFT saves them.
  ///
  /// Modules may have the names of `transformers`' CLIP classes or of `open_clip`'s; a fused
  /// attention becomes updates of its queries, keys and values. One rank and alpha, patterns of
  /// them, and rsLoRA's scale are read; factors of any float type become float32.
  ///
  /// - Parameter layout: The tensors of the model that the updates must fit.
  /// - Throws: `HoldfastError`: `missingInput` where a file is not there, `badData` where the two do
  ///   not agree with the model or hold more than plain updates.
  public static func read(
    _ folder: String, for layout: WeightsLayout
  ) throws(HoldfastError) -> LowRankAdapters {
    let configuration = try AdapterConfiguration(folder: folder)
    let path = "\(folder)/adapter_model.safetensors"
    if !FileManager.default.fileExists(atPath: path),
      FileManager.default.fileExists(atPath: "\(folder)/adapter_model.bin")
    {
      throw .missingInput(
        "\(path): no such file, only adapter_model.bin",
        remedy: "Load and save the adapter with PEFT, which writes safetensors.")
    }
    let file = try SafetensorsFile(path: path)
    var modules: [String] = []
    for name in file.names {
      let (module, isDown) = try self.module(of: name, in: file)
      if isDown || file["\(prefix)\(module).lora_A.weight"] == nil { modules.append(module) }
    }
    guard !modules.isEmpty else {
      throw .badData(
        "\(path): there are no low-rank updates in it",
        remedy: "Give a folder that PEFT wrote for LoRA.")
    }
    var tensors: [(name: String, tensor: Tensor)] = []
    var ownScales: [String: Double] = [:]
    for module in modules {
      let scale = try configuration.scale(of: module)
      let targets = AdapterNaming.modules(module, modelClass: configuration.modelClass)
      let outputs = try check(
        module, targets, rank: configuration.rank(of: module), in: file, against: layout)
      let down = try file.tensor(downName(module))
      let up = try file.tensor(upName(module))
      var row = 0
      for (target, count) in zip(targets, outputs) {
        tensors.append((downName(target), down))
        tensors.append((upName(target), try up.narrowed(from: row, count: count)))
        row += count
        if scale != configuration.alpha / Double(configuration.rank) { ownScales[target] = scale }
      }
    }
    return LowRankAdapters(
      weights: try Weights(tensors), rank: configuration.rank, alpha: configuration.alpha,
      ownScales: ownScales)
  }

  /// The module of a factor, and whether it is A.
  private static func module(
    of name: String, in file: SafetensorsFile
  ) throws(HoldfastError) -> (module: String, isDown: Bool) {
    let base = name.hasPrefix(prefix) ? name.dropFirst(prefix.count) : ""
    let isDown = base.hasSuffix(".lora_A.weight")
    guard isDown || base.hasSuffix(".lora_B.weight") else {
      throw .badData(
        "\(file.path): \(name) is no factor of a low-rank update",
        remedy: "Use an adapter that trains nothing but LoRA factors.")
    }
    return (String(base.dropLast(".lora_A.weight".count)), isDown)
  }

  /// The outputs of each map that an update changes, once its factors are known to fit.
  private static func check(
    _ module: String, _ targets: [String], rank: Int, in file: SafetensorsFile,
    against layout: WeightsLayout
  ) throws(HoldfastError) -> [Int] {
    let shapes = targets.map { layout["\($0).weight"]?.shape ?? [] }
    let isLinear = shapes.allSatisfy { $0.count == 2 && $0[1] == shapes[0][1] }
    let outputs = shapes.map { $0.first ?? 0 }
    let expected = isLinear ? [[rank, shapes[0][1]], [outputs.reduce(0, +), rank]] : []
    let names = [downName(module), upName(module)]
    // PEFT's updates of an embedding have other names, and factors of other shapes.
    guard names.map({ file[$0]?.shape ?? [] }) == expected, !module.contains("_embedding") else {
      let found = names.map { "\($0) \(file[$0].map { "\($0.shape)" } ?? "is missing")" }
      throw .badData(
        "\(file.path): \(found.joined(separator: " and ")) does not fit the model at rank \(rank)",
        remedy: "Use the adapter that belongs to this model.")
    }
    return outputs
  }
}
