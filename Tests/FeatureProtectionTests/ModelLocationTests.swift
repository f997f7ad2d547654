import Basics
import CLIP
import FeatureProtection
import Foundation
import TestSupport
import Testing
import Torch

/// An adapter's folder as the name of a model.
@Suite struct ModelLocationTests {
  /// An adapter of the tiny CLIP in a folder, with another base.
  private func write(base: JSONValue, to folder: String) throws {
    let source = "adapters/separate/adapter_config.json"
    var members = try JSONValue.parse(Fixtures.data(source), source: source).object ?? [:]
    members["base_model_name_or_path"] = base
    try AtomicFile.write(JSONValue.object(members).text(), to: "\(folder)/adapter_config.json")
    try AtomicFile.write(
      Fixtures.data("adapters/separate/adapter_model.safetensors"),
      to: "\(folder)/adapter_model.safetensors")
  }

  @Test func theBaseIsFoundFromTheAdaptersFolder() throws {
    let expected = try ModelLocation.read(Fixtures.path("adapters/separate"))
    try withTemporaryFolder { folder in
      try FileManager.default.copyItem(atPath: TinyStudy.model, toPath: "\(folder)/base")
      try AtomicFile.makeFolder("\(folder)/adapter")
      for base in ["../base", TinyStudy.model] {
        try write(base: .string(base), to: "\(folder)/adapter")
        #expect(ModelLocation.isAdapter("\(folder)/adapter"))
        let read = try ModelLocation.read("\(folder)/adapter")
        #expect(try changedNames(read.weights, expected.weights).isEmpty)
        #expect(try read.tokenizer().vocabularyCount == 538)
      }
      // An adapter on top of an adapter.
      try AtomicFile.makeFolder("\(folder)/second")
      try write(base: .string("../adapter"), to: "\(folder)/second")
      let twice = try ModelLocation.read("\(folder)/second")
      let name = "vision_model.encoder.layers.0.mlp.fc1.weight"
      let base = try Checkpoint.read(TinyStudy.model).weights.tensor(name)
      let change = try expected.weights.tensor(name) - base
      expectClose(
        try twice.weights.tensor(name).elements(as: Float.self),
        try (base + change * 2).elements(as: Float.self), relative: 0, absolute: 1e-6)
    }
  }

  @Test(arguments: [
    (JSONValue.string("openai/clip-vit-base-patch32"), "openai/clip-vit-base-patch32 is not on"),
    (.string(""), "no base model is named"), (.null, "no base model is named"),
    (.string("/nowhere/clip"), "/nowhere/clip is not on disk"),
  ]) func aBaseThatIsNotThereIsSaid(_ base: JSONValue, _ problem: String) throws {
    try withTemporaryFolder { folder in
      try write(base: base, to: folder)
      let error = expectProblem(.missingInput, containing: "adapter_config.json", problem) {
        try ModelLocation.read(folder)
      }
      #expect(error?.remedy.contains("--adapter") == true)
      #expect(try ModelLocation.read(TinyStudy.model, adapter: folder).weights.names.count > 10)
    }
  }

  @Test func anAdapterOfItselfEnds() throws {
    try withTemporaryFolder { folder in
      try write(base: .string("."), to: folder)
      expectProblem(.badData, containing: "base of the base") { try ModelLocation.read(folder) }
      try write(base: .string("builtin:maxi"), to: folder)
      expectProblem(.usage, containing: "builtin:maxi") { try ModelLocation.read(folder) }
    }
  }

  @Test func theEmbeddedModelMayBeTheBase() throws {
    let mini = try ModelLocation.read(ModelLocation.builtin)
    let adapters = try LowRankAdapters(
      for: mini.weights.layout, rank: 1, alpha: 1, targets: ["fc1"], seed: 0)
    try withTemporaryFolder { folder in
      try adapters.write(to: folder, baseModel: ModelLocation.builtin)
      // B is zero.
      #expect(try changedNames(ModelLocation.read(folder).weights, mini.weights).isEmpty)
    }
  }

  @Test func aTrainedAdapterIsTheMergedCheckpoint() throws {
    try withTemporaryFolder { folder in
      let study = try TinyStudy.study(
        ["methods": .array([.string("lora")]), "lora": .object(["rank": .integer(2)])],
        output: folder)
      try study.run()
      let merged = try ModelLocation.read("\(folder)/checkpoints/lora-seed0")
      let adapted = try ModelLocation.read("\(folder)/checkpoints/lora-seed0/adapter")
      let (one, other) = (try #require(merged.head), try #require(adapted.head))
      #expect(one.classes == other.classes)
      #expect(try one.weight.elements(as: Float.self) == other.weight.elements(as: Float.self))
      #expect(try one.bias.elements(as: Float.self) == other.bias.elements(as: Float.self))
      #expect(try changedNames(merged.weights, adapted.weights).isEmpty)
      let base = try Checkpoint.read(TinyStudy.model)
      #expect(try changedNames(merged.weights, base.weights).count == 12)
      let evaluator = Evaluator(preprocessing: study.materials.preprocessing)
      let answers = try [merged, adapted].map {
        try evaluator.predictions(
          of: ImageClassifier($0, head: try #require($0.head)), on: TinyStudy.testSet())
      }
      #expect(answers[0].top1 == answers[1].top1 && answers[0].count == 9)
    }
  }

  @Test func aHeadOfAnotherWidthIsSaid() throws {
    try withTemporaryFolder { folder in
      try write(base: .string(TinyStudy.model), to: folder)
      let head = try ClassificationHead(
        weight: .zeros([2, 7]), bias: .zeros([2]), classes: ["owl", "kite"])
      try head.write("\(folder)/head.safetensors")
      expectProblem(.badData, containing: "head.safetensors", "7 wide") {
        try ModelLocation.read(folder)
      }
    }
  }
}
