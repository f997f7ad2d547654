import Basics
import CLIP
import FeatureProtection
import Foundation
import TestSupport
import Testing
import Torch

/// Adapters that PEFT wrote, merged, give PEFT's features; `make_adapters.py` made them.
@Suite struct AdapterFolderTests {
  static let all = ["transformers", "half", "open-clip", "separate", "fused"]

  static func folder(_ name: String) -> String { Fixtures.path("adapters/\(name)") }

  private func adapters(_ name: String) throws -> LowRankAdapters {
    try LowRankAdapters.read(Self.folder(name), for: base().weights.layout)
  }

  private func base() throws -> Checkpoint { try Checkpoint.read(TinyStudy.model) }

  /// Pixels and tokens of the fixture as a checkpoint's towers see them.
  private func features(of checkpoint: Checkpoint) throws -> (images: [Float], texts: [Float]) {
    let inputs = try SafetensorsFile(path: "\(TinyStudy.model).outputs.safetensors")
    let ids = try inputs.tensor("input_ids")
    let flat = try ids.elements(as: Int64.self).map(Int.init)
    let rows = stride(from: 0, to: flat.count, by: ids.shape[1]).map {
      Array(flat[$0..<$0 + ids.shape[1]])
    }
    let images = try VisionTower(checkpoint.architecture, checkpoint.weights)(
      inputs.tensor("pixel_values"))
    let texts = try TextTower(checkpoint.architecture, checkpoint.weights)(rows)
    return (try images.elements(as: Float.self), try texts.elements(as: Float.self))
  }

  @Test(arguments: all) func mergedFeaturesAreThoseOfPEFT(_ name: String) throws {
    let file = try SafetensorsFile(path: "\(Self.folder(name))/outputs.safetensors")
    let plain = try features(of: base())
    let ours = try features(of: ModelLocation.read(Self.folder(name)))
    let images = try file.tensor("images").elements(as: Float.self)
    expectClose(ours.images, images, relative: 0, absolute: 1e-5)
    #expect(zip(ours.images, plain.images).contains { abs($0 - $1) > 0.1 })
    if file["texts"] == nil {
      #expect(ours.texts == plain.texts)
    } else {
      let texts = try file.tensor("texts").elements(as: Float.self)
      expectClose(ours.texts, texts, relative: 0, absolute: 1e-5)
      let isVisionOnly = name == "separate" || name == "fused"
      #expect(zip(ours.texts, plain.texts).contains { abs($0 - $1) > 0.1 } != isVisionOnly)
    }
  }

  @Test func aModelAndItsAdapterMayBeNamedApart() throws {
    let folder = Self.folder("separate")
    let one = try ModelLocation.read(TinyStudy.model, adapter: folder)
    #expect(try changedNames(one.weights, ModelLocation.read(folder).weights).isEmpty)
    let changed = try changedNames(one.weights, base().weights)
    let layer = "vision_model.encoder.layers.0"
    let maps = ["self_attn.q_proj", "self_attn.v_proj", "self_attn.out_proj", "mlp.fc1"]
    #expect(changed == Set(maps.map { "\(layer).\($0).weight" }))
    expectProblem(.missingInput, containing: "adapter_config.json") {
      try ModelLocation.read(TinyStudy.model, adapter: TinyStudy.model)
    }
  }

  @Test func aFusedAttentionIsThreeUpdatesWithOneA() throws {
    let adapters = try adapters("open-clip")
    let file = try SafetensorsFile(path: "\(Self.folder("open-clip"))/adapter_model.safetensors")
    let fused = "base_model.model.visual.transformer.resblocks.0.attn"
    let up = try file.tensor("\(fused).lora_B.weight")
    for (index, map) in ["q_proj", "k_proj", "v_proj"].enumerated() {
      let module = "base_model.model.vision_model.encoder.layers.0.self_attn.\(map)"
      let down = try adapters.weights.tensor("\(module).lora_A.weight")
      #expect(
        try down.elements(as: Float.self)
          == file.tensor("\(fused).lora_A.weight").elements(as: Float.self))
      let third = try up.narrowed(from: 32 * index, count: 32).contiguous()
      #expect(
        try adapters.weights.tensor("\(module).lora_B.weight").elements(as: Float.self)
          == third.elements(as: Float.self))
    }
    // Rank 3 by a pattern, alpha 4; and the output's update, which PEFT 0.21.2 adds twice.
    let block = "vision_model.encoder.layers.0.self_attn"
    #expect(adapters.scale(of: "\(block).q_proj") == 4.0 / 3)
    #expect(adapters.scale(of: "\(block).out_proj") == 8.0 / 3)
    #expect(adapters.scale(of: "text_model.encoder.layers.1.self_attn.q_proj") == 0.5)
    #expect(adapters.scale(of: "text_model.encoder.layers.1.mlp.fc2") == 2)
  }

  @Test func separateUpdatesAreWrittenAsTheFusedOneThatPEFTLoads() throws {
    try withTemporaryFolder { folder in
      try adapters("separate").write(to: folder, baseModel: "base", naming: .openCLIP)
      let ours = try SafetensorsFile(path: "\(folder)/adapter_model.safetensors").weights()
      let theirs = try SafetensorsFile(
        path: "\(Self.folder("fused"))/adapter_model.safetensors"
      ).weights()
      #expect(Set(ours.names) == Set(theirs.names))
      #expect(try changedNames(theirs, ours).isEmpty)
      let config = try configuration(folder)
      let target = #"visual\.transformer\.resblocks\.(0)\.(attn|mlp\.c_fc)"#
      #expect(config["r"] == .integer(4) && config["lora_alpha"]?.double == 6)
      #expect(config["target_modules"] == .string(target))
      let key = "visual.transformer.resblocks.0.mlp.c_fc"
      #expect(config["rank_pattern"] == .object([key: .integer(2)]))
      #expect(config["alpha_pattern"]?[key]?.double == 3)
      #expect(config["auto_mapping"] == .null)
    }
  }

  private func configuration(_ folder: String) throws -> JSONValue {
    let path = "\(folder)/adapter_config.json"
    return try JSONValue.parse(Data(contentsOf: URL(fileURLWithPath: path)), source: path)
  }

  @Test(arguments: all, AdapterNaming.allCases)
  func whatIsWrittenMergesTheSame(_ name: String, _ naming: AdapterNaming) throws {
    let base = try base().weights
    let adapters = try adapters(name)
    let expected = try adapters.merged(into: base)
    try withTemporaryFolder { folder in
      if name == "transformers", naming == .openCLIP {
        expectProblem(.usage, containing: "_projection") {
          try adapters.write(to: folder, baseModel: "base", naming: naming)
        }
        return
      }
      try adapters.write(to: folder, baseModel: "base", naming: naming)
      let again = try LowRankAdapters.read(folder, for: base.layout).merged(into: base)
      #expect(try changedNames(expected, base).isEmpty == false)
      for tensor in base.names {
        expectClose(
          try again.tensor(tensor).elements(as: Float.self),
          try expected.tensor(tensor).elements(as: Float.self), relative: 1e-6, absolute: 1e-6)
      }
      if naming == .huggingFace || name == "open-clip" {
        #expect(try changedNames(expected, again).isEmpty)
      }
    }
  }

  @Test func aFusedUpdateReturnsBitForBit() throws {
    try withTemporaryFolder { folder in
      try adapters("open-clip").write(to: folder, baseModel: "base", naming: .openCLIP)
      let ours = try SafetensorsFile(path: "\(folder)/adapter_model.safetensors").weights()
      let theirs = try SafetensorsFile(
        path: "\(Self.folder("open-clip"))/adapter_model.safetensors"
      ).weights()
      #expect(Set(ours.names) == Set(theirs.names))
      #expect(try changedNames(theirs, ours).isEmpty)
      let config = try configuration(folder)
      // Of the text tower, whose names end those of the vision tower, without a match there.
      let key = "^transformer.resblocks.1.attn"
      #expect(config["alpha_pattern"]?[key]?.double == 1)
    }
  }

  @Test func scalesThatDifferGoIntoOneFusedUpdate() throws {
    var adapters = try adapters("separate")
    let block = "vision_model.encoder.layers.0"
    adapters.ownScales = [
      "\(block).self_attn.q_proj": 0, "\(block).self_attn.v_proj": -0.25,
      "\(block).self_attn.out_proj": 3,
    ]
    let base = try base().weights
    let expected = try adapters.merged(into: base)
    try withTemporaryFolder { folder in
      try adapters.write(to: folder, baseModel: "base", naming: .openCLIP)
      let again = try LowRankAdapters.read(folder, for: base.layout).merged(into: base)
      for name in base.names {
        expectClose(
          try again.tensor(name).elements(as: Float.self),
          try expected.tensor(name).elements(as: Float.self), relative: 1e-6, absolute: 1e-6)
      }
    }
  }

  @Test(arguments: [
    "visual.transformer.resblocks", "visual.transformer.resblocks.0",
    "visual.transformer.resblocks..attn", "visual.transformer.resblocks.0.attn.in_proj_weight",
    "visual.transformer.resblocks.9.attn", "text.transformer.resblocks.0.ln_1", "", ".",
    "encoder.layers.0.mlp.fc1", "visual.trunk.blocks.0.attn.qkv",
  ]) func namesThatAreNoModulesAreErrors(_ module: String) throws {
    let layout = try base().weights.layout
    try withTemporaryFolder { folder in
      let config = try Fixtures.data("adapters/half/adapter_config.json")
      try AtomicFile.write(config, to: "\(folder)/adapter_config.json")
      let tensors = try [("A", [4, 32]), ("B", [32, 4])].map { letter, shape in
        (name: "base_model.model.\(module).lora_\(letter).weight", tensor: try Tensor.zeros(shape))
      }
      try SafetensorsFile.write(tensors, to: "\(folder)/adapter_model.safetensors")
      expectProblem(.badData, containing: "does not fit") {
        try LowRankAdapters.read(folder, for: layout)
      }
    }
  }
}
