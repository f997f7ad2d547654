import Basics
import CLIP
import TestSupport
import Testing
import Torch

/// Position embeddings for images of another size, as open_clip resizes them.
@Suite struct ImageSizeTests {
  /// Positions of a 5 by 5 grid, six wide, with a head behind them.
  private static func model(
    _ vision: VisionArchitecture
  ) throws -> (CLIPArchitecture, Weights, SafetensorsFile) {
    let golden = try SafetensorsFile(path: Fixtures.path("architectures/positions.safetensors"))
    let architecture = CLIPArchitecture(
      vision: vision, imageSize: 5 * vision.stride,
      text: TransformerArchitecture(
        width: 6, layers: 1, heads: 1, mlpWidth: 6, activation: .gelu),
      vocabularyCount: 9, contextLength: 4, projectionWidth: 6, endToken: 8)
    let weights = try Weights([
      ("before", .random(3, 2, key: 1)), (vision.positionsName, golden.tensor("5")),
      ("classification_head.weight", .random(2, 6, key: 2)),
    ])
    return (architecture, weights, golden)
  }

  static let kinds: [VisionArchitecture] = [
    .transformer(
      TransformerArchitecture(width: 6, layers: 1, heads: 1, mlpWidth: 6, activation: .gelu),
      patchSize: 14),
    .resNet(ResNetArchitecture(blocks: [1, 1, 1, 1], width: 2, heads: 1)),
  ]

  @Test(arguments: kinds, [2, 4, 7, 12]) func positionsAreThoseOfOpenCLIP(
    _ vision: VisionArchitecture, side: Int
  ) throws {
    let (architecture, weights, golden) = try Self.model(vision)
    let before = try weights.clone()
    let size = side * vision.stride
    let (resized, result) = try architecture.resizing(weights, to: size)
    let positions = try result.tensor(vision.positionsName)
    try expectClose(positions, golden.tensor("\(side)"), tolerance: 1e-6)
    try expectSameBits(
      positions.narrowed(from: 0, count: 1), golden.tensor("5").narrowed(from: 0, count: 1))
    #expect(resized.imageSize == size && resized.gridSide == side)
    #expect(resized.vision == architecture.vision && resized.text == architecture.text)
    // Nothing else changes, and nothing of the original.
    #expect(result.names == weights.names)
    for name in ["before", "classification_head.weight"] {
      try expectSameBits(result.tensor(name), before.tensor(name))
    }
    try expectSameBits(weights.buffer, before.buffer)
  }

  @Test func theSameSizeChangesNothing() throws {
    let (architecture, weights, _) = try Self.model(Self.kinds[0])
    let (same, result) = try architecture.resizing(weights, to: 70)
    #expect(same == architecture)
    try expectSameBits(result.buffer, weights.buffer)
  }

  @Test(arguments: OpenCLIPModel.names) func aResizedTowerSeesTheNewSize(_ name: String) throws {
    let model = try OpenCLIPModel(name)
    let size = model.architecture.imageSize + 32 * model.architecture.vision.stride / 16
    let (resized, weights) = try model.architecture.resizing(model.weights, to: size)
    #expect(try weights.layout == resized.layout())
    let features = try VisionTower(resized, weights)(.random(2, 3, size, size, key: 1))
    #expect(features.shape == [2, resized.projectionWidth])
    #expect(try features.isFinite())
  }

  @Test(arguments: [0, -14, 71, 14 * 293, Int.max, Int.min]) func sizesThatDoNotFitAreRefused(
    _ size: Int
  ) throws {
    let (architecture, weights, _) = try Self.model(Self.kinds[0])
    let error = expectProblem(.usage, containing: "\(size) pixels") {
      try architecture.resizing(weights, to: size)
    }
    #expect(error?.remedy.contains("multiple of 14") == true)
  }

  @Test func weightsOfAnotherModelAreRefused() throws {
    var (architecture, weights, _) = try Self.model(Self.kinds[0])
    architecture.imageSize = 56
    expectProblem(.badData, containing: "[26, 6]", "56 pixels") {
      try architecture.resizing(weights, to: 70)
    }
    architecture.vision = Self.kinds[1]
    expectProblem(.badData, containing: "visual.attnpool.positional_embedding") {
      try architecture.resizing(weights, to: 64)
    }
  }
}
