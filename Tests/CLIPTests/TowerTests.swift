import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

/// Tower outputs equal those of `transformers` (`Tests/Fixtures/make_towers.py`).
@Suite struct TowerTests {
  @Test(arguments: ["tiny-quickgelu", "tiny-gelu"]) func tinyTowers(_ name: String) throws {
    let model = try Checkpoint.read(Fixtures.path("towers/\(name)"))
    let expected = try SafetensorsFile(path: Fixtures.path("towers/\(name).outputs.safetensors"))
    let pixels = try expected.tensor("pixel_values")
    let vision = try VisionTower(model.architecture, model.weights)
    let text = try TextTower(model.architecture, model.weights)
    let images = try vision(pixels)
    let texts = try text(Self.rows(expected.tensor("input_ids")))
    try expectClose(images, expected.tensor("image_embeds_raw"))
    try expectClose(texts, expected.tensor("text_embeds_raw"))
    try expectClose(images.normalized(), expected.tensor("image_embeds"))
    try expectClose(texts.normalized(), expected.tensor("text_embeds"))
    try expectClose(vision.hiddenState(pixels), expected.tensor("vision_last_hidden_state"))
    let scale = try model.weights.tensor("logit_scale").exp()
    let logits = try images.normalized().matmul(texts.normalized().transposed(0, 1)) * scale
    try expectClose(logits, expected.tensor("logits_per_image"))
  }

  @Test func paddingAfterTheEndChangesNothing() throws {
    let model = try Checkpoint.read(Fixtures.path("towers/tiny-quickgelu"))
    let tower = try TextTower(model.architecture, model.weights)
    let row = try model.tokenizer().tokens(of: "a photo")
    let end = model.architecture.endToken
    let short = try tower([row]).elements(as: Float.self)
    let long = try tower([row + [end, end, end]]).elements(as: Float.self)
    #expect(short == long)
  }

  @Test func aTextBeyondTheContextIsAnError() throws {
    let model = try Checkpoint.read(Fixtures.path("towers/tiny-quickgelu"))
    let tower = try TextTower(model.architecture, model.weights)
    expectProblem(.usage, containing: "tokens") {
      try tower([[Int](repeating: 5, count: 40) + [model.architecture.endToken]])
    }
    expectProblem(.badData, containing: "token 99999") { try tower([[1, 99999, 2]]) }
  }

  private static func rows(_ ids: Tensor) throws -> [[Int]] {
    let flat = try ids.elements(as: Int64.self).map(Int.init)
    let length = ids.shape[1]
    return (0..<ids.shape[0]).map { Array(flat[$0 * length..<($0 + 1) * length]) }
  }

  /// Expects tensors to differ by at most 1e-4 of the greatest element.
  private func expectClose(
    _ ours: Tensor, _ theirs: Tensor, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(ours.shape == theirs.shape, sourceLocation: sourceLocation)
    let a = try ours.elements(as: Float.self)
    let b = try theirs.elements(as: Float.self)
    let greatest = b.map(abs).max() ?? 0
    let worst = zip(a, b).map { abs($0 - $1) }.max() ?? .infinity
    #expect(
      worst <= 1e-4 * greatest && greatest > 0, "\(worst) of \(greatest)",
      sourceLocation: sourceLocation)
  }
}
