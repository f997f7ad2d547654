import Basics
import CLIP
import FeatureProtection
import Foundation
import TestSupport
import Testing
import Torch

/// Low-rank updates: what they change, and PEFT's folders.
@Suite struct LowRankAdapterTests {
  static let targets = ["q_proj", "v_proj", "fc2"]
  static let recipe = Recipe(.lowRank(rank: 3, alpha: 6, targets: targets))
  static let start = Fixtures.path("training/lora-start")

  @Test func freshUpdatesAreTheIdentity() throws {
    let (reference, result) = try TinyStudy.train(Self.recipe, ["steps": .integer(0)])
    #expect(try changedNames(reference.weights, result.classifier.weights).isEmpty)
    let adapters = try #require(result.adapters)
    #expect(adapters.scale == 2 && adapters.weights.names.count == 2 * 2 * Self.targets.count)
    for name in adapters.weights.names {
      let tensor = try adapters.weights.tensor(name)
      let values = try tensor.elements(as: Float.self)
      if name.hasSuffix("lora_B.weight") {
        #expect(values.allSatisfy { $0 == 0 } && tensor.shape[1] == 3)
      } else {
        let bound = 1 / Float(tensor.shape[1]).squareRoot()
        #expect(tensor.shape[0] == 3 && values.allSatisfy { abs($0) <= bound })
        #expect((values.map(abs).max() ?? 0) > bound / 2 && Set(values).count > values.count / 2)
      }
    }
  }

  @Test func theDrawDependsOnTheSeed() throws {
    let layout = try TrajectoryTests.start().0.weights.layout
    func digest(_ seed: Int) throws -> String {
      try LowRankAdapters(for: layout, rank: 2, alpha: 1, targets: Self.targets, seed: seed)
        .weights.digest()
    }
    #expect(try digest(0) == digest(0))
    #expect(try digest(0) != digest(1))
    expectProblem(.usage, containing: "position_embedding") {
      try LowRankAdapters(
        for: layout, rank: 2, alpha: 1, targets: ["position_embedding"], seed: 0)
    }
  }

  @Test func onlyTargetsAndHeadMove() throws {
    let (reference, result) = try TinyStudy.train(Self.recipe)
    let changed = try changedNames(reference.weights, result.classifier.weights)
    let expected = reference.weights.names.filter { name in
      Self.targets.contains { name.hasSuffix("\($0).weight") } || ImageClassifier.isHead(name)
    }
    #expect(changed == Set(expected) && expected.count == 8)
  }

  @Test func theMergedClassifierGivesTheOutputsOfTheUnmergedOne() throws {
    let (reference, result) = try TinyStudy.train(
      Self.recipe, ["lr": .number(1e-2), "steps": .integer(8)])
    let adapters = try #require(result.adapters)
    let pixels = try Tensor.random(4, 3, 32, 32, key: 1)
    let merged = try ClassifierOutput(
      reference.architecture, result.classifier.weights, pixels: pixels)
    let head = try result.classifier.weights.filtered(ImageClassifier.isHead)
    let unmerged = try ClassifierOutput(
      reference.architecture,
      Unmerged(base: reference.weights.replacing(with: head), adapters: adapters), pixels: pixels)
    let before = try ClassifierOutput(
      reference.architecture, reference.weights.replacing(with: head), pixels: pixels)
    let ours = try merged.logits.elements(as: Float.self)
    expectClose(
      ours, try unmerged.logits.elements(as: Float.self), relative: 1e-4, absolute: 1e-4)
    let moved = zip(ours, try before.logits.elements(as: Float.self)).map { abs($0 - $1) }
    #expect((moved.max() ?? 0) > 0.01)
  }

  @Test func aFolderKeepsEveryBit() throws {
    let layout = try TrajectoryTests.start().0.weights.layout
    let adapters = try #require(try TinyStudy.train(Self.recipe).result.adapters)
    try withTemporaryFolder { folder in
      try adapters.write(to: "\(folder)/adapter", baseModel: "base")
      let read = try LowRankAdapters.read("\(folder)/adapter", for: layout)
      #expect(read.rank == 3 && read.alpha == 6 && read.targets == Self.targets.sorted())
      #expect(Set(read.weights.names) == Set(adapters.weights.names))
      #expect(try changedNames(adapters.weights, read.weights).isEmpty)
      let again = try TinyStudy.train(Self.recipe, adapter: read)
      #expect(again.result.adapters?.rank == 3)
    }
  }

  /// Reads the adapter that PEFT wrote, with changes to its two files.
  private func read(
    config: (inout [String: JSONValue]) -> Void = { _ in },
    tensors: (inout [(name: String, tensor: Tensor)]) throws -> Void = { _ in }
  ) throws -> LowRankAdapters {
    let layout = try TrajectoryTests.start().0.weights.layout
    return try withTemporaryFolder { folder in
      let source = "training/lora-start/adapter_config.json"
      var members = try JSONValue.parse(Fixtures.data(source), source: source).object ?? [:]
      config(&members)
      try AtomicFile.write(
        JSONValue.object(members).text(), to: "\(folder)/adapter_config.json")
      let file = try SafetensorsFile(path: "\(Self.start)/adapter_model.safetensors")
      var list: [(name: String, tensor: Tensor)] = []
      for name in file.names { list.append((name, try file.tensor(name))) }
      try tensors(&list)
      try SafetensorsFile.write(list, to: "\(folder)/adapter_model.safetensors")
      return try LowRankAdapters.read(folder, for: layout)
    }
  }

  @Test func targetsMayBeAPatternOrAList() throws {
    let pattern = try read()
    #expect(pattern.rank == 4 && pattern.alpha == 8)
    #expect(pattern.targets == LoRA.knownTargets.sorted())
    let list = try read(
      config: { config in
        config["target_modules"] = .array([.string("q_proj"), .string("v_proj")])
      },
      tensors: { tensors in
        tensors.removeAll { !$0.name.contains("q_proj") && !$0.name.contains("v_proj") }
      })
    #expect(list.targets == ["q_proj", "v_proj"])
  }

  @Test(arguments: [
    ("peft_type", JSONValue.string("IA3")), ("r", .integer(0)), ("r", .string("4")),
    ("r", .integer(5)), ("r", .integer(.max)), ("lora_alpha", .null),
    ("rank_pattern", .object(["q_proj": .integer(2)])),
    ("rank_pattern", .object(["q_proj": .number(1e300)])),
  ]) func aConfigurationThatDoesNotFitIsAnError(_ key: String, _ value: JSONValue) {
    expectProblem(.badData, containing: "adapter_") {
      try read(config: { $0[key] = value })
    }
  }

  @Test func factorsThatDoNotFitAreErrors() {
    let layer = "base_model.model.vision_model.encoder.layers"
    expectProblem(.badData, containing: "does not fit") {
      try read(tensors: { $0.removeLast() })
    }
    expectProblem(.badData, containing: "no low-rank updates") {
      try read(tensors: { $0.removeAll() })
    }
    for (name, shape) in [
      ("\(layer).9.mlp.fc1", ([4, 32], [64, 4])), ("\(layer).0.mlp.fc1", ([4, 31], [64, 4])),
      ("base_model.model.text_model.encoder.layers.0.mlp.fc1", ([4, 24], [48, 4])),
      ("base_model.model.vision_model.embeddings.position_embedding", ([4, 32], [17, 4])),
    ] {
      expectProblem(.badData, containing: name, "does not fit") {
        try read(tensors: { tensors in
          tensors = [
            ("\(name).lora_A.weight", try Tensor.zeros(shape.0)),
            ("\(name).lora_B.weight", try Tensor.zeros(shape.1)),
          ]
        })
      }
    }
    expectProblem(.badData, containing: "no factor of a low-rank update") {
      try read(tensors: { tensors in
        tensors.append(("\(layer).0.mlp.fc1.lora_magnitude_vector", try Tensor.zeros([64])))
      })
    }
  }

  @Test func whatTrainingDoesNotReachIsNotTrained() throws {
    let adapters = try read(tensors: { tensors in
      tensors = [
        ("base_model.model.visual_projection.lora_A.weight", try Tensor.zeros([4, 32])),
        ("base_model.model.visual_projection.lora_B.weight", try Tensor.zeros([24, 4])),
      ]
    })
    #expect(adapters.modules == ["visual_projection"])
    expectProblem(.badData, containing: "visual_projection") {
      try TinyStudy.train(Self.recipe, adapter: adapters)
    }
  }

  @Test func missingFilesAreNamed() throws {
    let layout = try TrajectoryTests.start().0.weights.layout
    try withTemporaryFolder { folder in
      expectProblem(.missingInput, containing: "\(folder)/adapter_config.json") {
        try LowRankAdapters.read(folder, for: layout)
      }
      let config = try Fixtures.data("training/lora-start/adapter_config.json")
      try AtomicFile.write(config, to: "\(folder)/adapter_config.json")
      expectProblem(.missingInput, containing: "\(folder)/adapter_model.safetensors") {
        try LowRankAdapters.read(folder, for: layout)
      }
      try AtomicFile.write("", to: "\(folder)/adapter_model.bin")
      expectProblem(.missingInput, containing: "only adapter_model.bin") {
        try LowRankAdapters.read(folder, for: layout)
      }
    }
  }
}

/// The base weights with unmerged updates on top.
private struct Unmerged: ParameterSource {
  let base: Weights
  let adapters: LowRankAdapters

  func tensor(_ name: String) throws(HoldfastError) -> Tensor { try base.tensor(name) }

  func joined(_ names: [String]) throws(HoldfastError) -> Tensor { try base.joined(names) }

  func adapter(for name: String) throws(HoldfastError) -> LowRankAdapter? {
    let module = "base_model.model.\(name.dropLast(".weight".count))"
    guard adapters.weights.contains("\(module).lora_A.weight") else { return nil }
    return LowRankAdapter(
      down: try adapters.weights.tensor("\(module).lora_A.weight"),
      up: try adapters.weights.tensor("\(module).lora_B.weight"), scale: adapters.scale)
  }
}
