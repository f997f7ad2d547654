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
    let texts = try text(tokenRows(expected.tensor("input_ids")))
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
    expectProblem(.badData, containing: "token -1") { try tower([[1, -1, 2]]) }
    expectProblem(.usage, containing: "no tokens") { try tower([[1, 2], []]) }
    expectProblem(.usage, containing: "no texts") { try tower([]) }
  }

  @Test func textsOfDifferentLengthsAreEncodedAsOneByOne() throws {
    let model = try Checkpoint.read(Self.tiny)
    let tower = try TextTower(model.architecture, model.weights)
    let tokenizer = try model.tokenizer()
    let rows = ["owl", "a photo of a maple leaf.", "", "the cat"].map(tokenizer.tokens)
    #expect(Set(rows.map(\.count)).count > 2)
    let together = try tower(rows)
    for (index, row) in rows.enumerated() {
      try expectClose(together.narrowed(from: index, count: 1), tower([row]), tolerance: 1e-5)
    }
  }

  @Test func oldConfigurationsReadATextAtItsHighestToken() throws {
    let model = try Checkpoint.read(Self.tiny)
    let end = model.architecture.endToken
    var old = model.architecture
    old.endToken = 2
    let tower = try TextTower(model.architecture, model.weights)
    let oldTower = try TextTower(old, model.weights)
    // Token 2 is an ordinary token in the middle of the text.
    let row = [end - 1, 2, 9, end]
    try expectSameBits(oldTower([row]), tower([row]))
    try expectSameBits(oldTower([row + [end, end]]), tower([row]))
    try expectSameBits(oldTower([row + [7]]), tower([row]))
  }

  @Test func pixelsReachTheTowerImageByImage() throws {
    let model = try Checkpoint.read(Self.tiny)
    let tower = try VisionTower(model.architecture, model.weights)
    let pixels = try Tensor.random(3, 3, 32, 32, key: 4)
    let together = try tower(pixels)
    #expect(together.shape == [3, 24])
    for index in 0..<3 {
      try expectClose(
        together.narrowed(from: index, count: 1), tower(pixels.narrowed(from: index, count: 1)),
        tolerance: 1e-5)
    }
  }

  private static let tiny = Fixtures.path("towers/tiny-quickgelu")
}
