import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

/// Checkpoints that Python's tools wrote (`Tests/Fixtures/make_checkpoints.py`): one model in every
/// layout, and what open_clip computes with it.
@Suite struct LayoutTests {
  static let folder = Fixtures.path("checkpoints")

  private func expectOutputs(
    of model: Checkpoint, _ name: String, hasText: Bool = true,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let expected = try SafetensorsFile(path: "\(Self.folder)/\(name).outputs.safetensors")
    let images = try VisionTower(model.architecture, model.weights)(
      expected.tensor("pixel_values"))
    try expectClose(
      images, expected.tensor("image_features"), tolerance: 1e-5, sourceLocation: sourceLocation)
    guard hasText else { return }
    let texts = try TextTower(model.architecture, model.weights)(
      tokenRows(expected.tensor("input_ids")))
    try expectClose(
      texts, expected.tensor("text_features"), tolerance: 1e-5, sourceLocation: sourceLocation)
    let scale = try model.weights.tensor("logit_scale").exp()
    let logits = try images.normalized().matmul(texts.normalized().transposed(0, 1)) * scale
    try expectClose(
      logits, expected.tensor("logits"), tolerance: 1e-5, sourceLocation: sourceLocation)
  }

  @Test(arguments: [
    "openclip", "openclip/open_clip_model.safetensors", "training/epoch_3.pt", "training",
    "custom-text", "custom-text/open_clip_pytorch_model.bin", "hf-sharded",
    "hf-sharded/model.safetensors.index.json", "hf-bin", "hf-bin/pytorch_model.bin", "hf-legacy",
  ])
  func everyLayoutHoldsTheSameModel(_ path: String) throws {
    let model = try Checkpoint.read("\(Self.folder)/\(path)")
    try expectOutputs(of: model, "small")
    let other = try Checkpoint.read("\(Self.folder)/openclip")
    #expect(try model.differences(from: other) == [])
    #expect(model.head == nil && model.notes.isEmpty)
    #expect(model.architecture.text.activation == .gelu && model.architecture.endToken == 39)
    #expect(model.folder == "\(Self.folder)/" + path.prefix { $0 != "/" })
  }

  @Test func anArchiveOfOpenAIIsQuickGELUByDefinition() throws {
    let path = "\(Self.folder)/openai/ViT.pt"
    let model = try Checkpoint.read(path)
    #expect(model.architecture.text.activation == .quickGELU)
    #expect(model.architecture.imageSize == 8 && model.architecture.contextLength == 8)
    #expect(model.preferredLayout == .huggingFace)
    try expectOutputs(of: model, "wide")
    #expect(try model.preprocessorConfiguration()["crop_size"]?["width"]?.int == 8)
    #expect(
      try model.preprocessorConfiguration()["image_mean"]?.array?.first?.double == 0.48145466)
    // A user who says otherwise is believed, knowingly.
    #expect(
      try Checkpoint.read(path, activation: .gelu).architecture
        == model.architecture.with(.gelu))
  }

  @Test func theTokenizerIsAskedForInPlainWords() throws {
    let model = try Checkpoint.read("\(Self.folder)/openai/ViT.pt")
    let error = expectProblem(.missingInput, containing: "openai") { try model.tokenizer() }
    #expect(error?.remedy.contains("bpe_simple_vocab_16e6.txt.gz") == true)
  }

  // MARK: - Soups

  @Test func aSoupIsAClassifierWithoutTextTower() throws {
    let model = try Checkpoint.read("\(Self.folder)/soup")
    try expectOutputs(of: model, "small", hasText: false)
    let head = try #require(model.head)
    #expect(head.classes == ["owl", "maple leaf", "red kite"] && head.weight.shape == [3, 12])
    #expect(!model.hasTextTower && model.notes.count == 1)
    let error = expectProblem(.missingInput, containing: "no text tower") { try model.tokenizer() }
    #expect(error?.remedy.isEmpty == false)
    let named = try Checkpoint.read("\(Self.folder)/soup", classes: ["a", "b", "c"])
    #expect(named.head?.classes == ["a", "b", "c"])
    expectProblem(.badData, containing: "model_0.pt", "do not fit 2 classes") {
      try Checkpoint.read("\(Self.folder)/soup", classes: ["a", "b"])
    }
  }

  @Test func aSoupsClassifierWithoutNamesIsLeftOutAndSaidSo() throws {
    try withTemporaryFolder { folder in
      for name in ["model_0.pt", "open_clip_config.json"] {
        try AtomicFile.write(
          Fixtures.data("checkpoints/soup/\(name)"), to: "\(folder)/\(name)")
      }
      let model = try Checkpoint.read(folder)
      #expect(model.head == nil)
      #expect(model.notes.contains { $0.contains("classifier of 3 classes is left out") })
    }
  }

  @Test(arguments: CheckpointLayout.allCases)
  func aSoupIsWrittenAndReadAgain(_ layout: CheckpointLayout) throws {
    let model = try Checkpoint.read("\(Self.folder)/soup")
    try withTemporaryFolder { folder in
      try model.write(to: folder, layout: layout)
      let read = try Checkpoint.read(folder)
      #expect(try read.differences(from: model) == [])
      #expect(!read.hasTextTower && read.head?.classes == model.head?.classes)
    }
  }

  @Test func aSoupWithoutConfigurationNeedsTheActivationOnly() throws {
    // The wide model's heads follow from its widths.
    let file = try TorchFile(path: "\(Self.folder)/openai/ViT.pt")
    let names = file.names.filter { !$0.hasPrefix("transformer.") }
    try withTemporaryFolder { folder in
      let path = "\(folder)/soup.safetensors"
      let tensors = try names.map { ("model.\($0)", try file.tensor($0)) }
      try SafetensorsFile.write(
        tensors + [
          ("classification_head.weight", Tensor.random(2, 16, key: 1)),
          ("classification_head.bias", Tensor.random(2, key: 2)),
        ], to: path)
      let model = try Checkpoint.read(path, activation: .quickGELU, classes: ["a", "b"])
      #expect(model.architecture.text.layers == 0 && model.architecture.text.width == 64)
      try expectOutputs(of: model, "wide", hasText: false)
    }
  }
}
