import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

/// Towers of true size, whose weights are computed from whole numbers (`Fixtures/README.md`), give
/// the outputs of `transformers` and open_clip.
@Suite struct TrueSizeTests {
  @Test func vitB32() throws {
    let formula = try FormulaWeights("towers/vit-b-32.json")
    // What `transformers` takes for an empty configuration is ViT-B/32.
    let architecture = try CLIPArchitecture(configuration: .object([:]), source: "defaults")
    let weights = try formula.weights(architecture.layout())
    let listed = try #require(formula.document["tensors"]?.array)
    #expect(Set(weights.names) == Set(listed.compactMap { $0["name"]?.string }))
    for item in listed {
      let name = try #require(item["name"]?.string)
      let tensor = try weights.tensor(name)
      #expect(tensor.shape == item["shape"]?.array?.compactMap(\.int), "\(name)")
      #expect(try tensor.to(.float64).sum().item() == item["sum"]?.double, "\(name)")
    }
    let item = try #require(formula.document["pixel_values"])
    let pixels = try FormulaWeights.pixels(
      item, shape: #require(item["shape"]?.array).compactMap(\.int))
    for activation in [Activation.quickGELU, .gelu] {
      let word = activation == .gelu ? "gelu" : "quickgelu"
      let file = Fixtures.path("towers/vit-b-32-\(word).outputs.safetensors")
      try compare(
        architecture.with(activation), weights, pixels, with: SafetensorsFile(path: file))
    }
  }

  /// The image towers of open_clip, whose float32 numbers lie 6e-6 and 2e-6 from float64.
  @Test(arguments: [("ViT-B-16", Float(3e-5)), ("RN50", 1e-5)])
  func imageTowers(_ name: String, tolerance: Float) throws {
    let formula = try FormulaWeights("architectures/formula.json")
    let architecture = try publishedArchitecture(name)
    let weights = try formula.weights(architecture.visionLayout())
    #expect(weights.names.count == formula.document["true_size"]?[name]?["tensors"]?.int)
    let expected = try SafetensorsFile(
      path: Fixtures.path("architectures/\(name.lowercased()).outputs.safetensors"))
    let pixels = try formula.images(size: architecture.imageSize)
    let features = try withoutGradients { try VisionTower(architecture, weights)(pixels) }
    try expectClose(features, expected.tensor("image_features"), tolerance: tolerance)
  }

  private func compare(
    _ architecture: CLIPArchitecture, _ weights: Weights, _ pixels: Tensor,
    with expected: SafetensorsFile
  ) throws {
    try withoutGradients {
      let images = try VisionTower(architecture, weights)(pixels)
      let rows = try tokenRows(expected.tensor("input_ids"))
      #expect(rows.contains { $0.firstIndex(of: 49407) ?? 77 < 76 }, "one text is short")
      let texts = try TextTower(architecture, weights)(rows)
      try expectClose(images, expected.tensor("image_embeds_raw"))
      try expectClose(texts, expected.tensor("text_embeds_raw"))
      try expectClose(images.normalized(), expected.tensor("image_embeds"))
      try expectClose(texts.normalized(), expected.tensor("text_embeds"))
      let scale = try weights.tensor("logit_scale").exp()
      let logits = try images.normalized().matmul(texts.normalized().transposed(0, 1)) * scale
      try expectClose(logits, expected.tensor("logits_per_image"))
    }
  }
}
