import Basics
import Foundation
import TestSupport
import Testing
import Torch

/// Tensors that an index spreads over files.
@Suite struct ShardedTensorFileTests {
  private static let index = Fixtures.path("checkpoints/hf-sharded/model.safetensors.index.json")

  @Test func theShardsOfTransformersAreOneFile() throws {
    let file = try ShardedTensorFile(index: Self.index)
    let index = try JSONValue.parse(
      Fixtures.data("checkpoints/hf-sharded/model.safetensors.index.json"), source: "index")
    #expect(Set(file.names) == Set(try #require(index["weight_map"]?.object).keys))
    #expect(file.names.count == Set(file.names).count)
    #expect(file.shape(of: "vision_model.embeddings.patch_embedding.weight") == [16, 3, 4, 4])
    #expect(try file.tensor("logit_scale").to(.float32).item() == 1.9375)
    #expect(file.metadata["format"] == "pt")
    #expect(file.shape(of: "none") == nil)
    expectProblem(.badData, containing: "no tensor none") { try file.tensor("none") }
  }

  private func withIndex(_ text: String, _ body: (String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try AtomicFile.write(text, to: "\(folder)/model.safetensors.index.json")
      try SafetensorsFile.write(
        [("a", Tensor([Float(1)])), ("b", Tensor([Float(2)]))], to: "\(folder)/one.safetensors")
      try PickleBuilder.archive(
        PickleBuilder.dictionary { $0.tensor(count: 1, shape: [1], strides: [1]) },
        storages: ["0": Data(count: 4)]
      ).write(to: URL(fileURLWithPath: "\(folder)/two.bin"))
      try body("\(folder)/model.safetensors.index.json")
    }
  }

  @Test func theIndexDecidesWhatIsRead() throws {
    try withIndex(#"{"weight_map": {"x": "two.bin", "b": "one.safetensors"}}"#) { path in
      let file = try ShardedTensorFile(index: path)
      #expect(file.names == ["b", "x"])
      #expect(try file.tensor("b").item() == 2 && file.tensor("x").item() == 0)
    }
  }

  @Test(arguments: [
    (#"{"weight_map": {"a": "three.safetensors"}}"#, HoldfastError.Kind.missingInput, "three"),
    (#"{"weight_map": {"c": "one.safetensors"}}"#, .badData, "one.safetensors does not hold c"),
    (#"{"weight_map": {"a": "../one.safetensors"}}"#, .badData, "no plain name"),
    (#"{"weight_map": {"a": "/etc/passwd"}}"#, .badData, "no plain name"),
    (#"{"weight_map": {"a": ".."}}"#, .badData, "no plain name"),
    (#"{"weight_map": {"a": ""}}"#, .badData, "no plain name"),
    (#"{"weight_map": {"a": 7}}"#, .badData, "no plain name"),
    (#"{"weight_map": {}}"#, .badData, "no weight_map"),
    (#"{"weight": 1}"#, .badData, "no weight_"),
    ("[]", .badData, "no weight_map"), ("{", .badData, "not valid JSON"),
  ])
  func aWrongIndexIsFound(_ text: String, _ kind: HoldfastError.Kind, _ words: String) throws {
    try withIndex(text) { path in
      expectProblem(kind, containing: (path as NSString).deletingLastPathComponent, words) {
        try ShardedTensorFile(index: path)
      }
    }
  }

  @Test func anIndexThatIsNotThereIsMissing() {
    expectProblem(.missingInput, containing: "/no/index.json") {
      try ShardedTensorFile(index: "/no/index.json")
    }
  }
}
