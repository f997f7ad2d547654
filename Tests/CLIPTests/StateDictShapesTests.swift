import Basics
import CLIP
import TestSupport
import Testing

/// What is read off the tensors of a state dict without a configuration.
@Suite struct StateDictShapesTests {
  private static func read(
    _ shapes: [String: [Int]], _ activation: Activation = .quickGELU
  ) throws -> CLIPArchitecture {
    try CLIPArchitecture(openAI: shapes, activation: activation, source: "model.pt")
  }

  @Test(arguments: ["openai-vit", "deeper-resnet"]) func sizesAreThoseOfTheConfiguration(
    _ name: String
  ) throws {
    let model = try OpenCLIPModel(name)
    for activation in [Activation.gelu, .quickGELU] {
      // OpenAI's files hold three numbers beside the weights.
      let shapes = model.shapes.merging(
        ["input_resolution": [], "context_length": [], "vocab_size": []]) { first, _ in first }
      #expect(try Self.read(shapes, activation) == model.architecture.with(activation))
    }
  }

  /// The shapes of a model by its sizes, as OpenAI names them.
  private static func shapes(
    width: Int, patchSize: Int, gridSide: Int, layers: Int, text: Int, textLayers: Int, embed: Int
  ) -> [String: [Int]] {
    var shapes: [String: [Int]] = [
      "visual.conv1.weight": [width, 3, patchSize, patchSize], "visual.proj": [width, embed],
      "visual.positional_embedding": [gridSide * gridSide + 1, width],
      "token_embedding.weight": [49408, text], "positional_embedding": [77, text],
      "ln_final.weight": [text], "text_projection": [text, embed],
    ]
    for (prefix, count, width) in [
      ("visual.transformer", layers, width), ("transformer", textLayers, text),
    ] {
      for number in 0..<count {
        shapes["\(prefix).resblocks.\(number).mlp.c_fc.weight"] = [4 * width, width]
        shapes["\(prefix).resblocks.\(number).ln_1.weight"] = [width]
      }
    }
    return shapes
  }

  @Test func openAIsTransformersAreKnownByTheirShapes() throws {
    let cases: [(name: String, shapes: [String: [Int]])] = [
      (
        "ViT-B-32",
        Self.shapes(
          width: 768, patchSize: 32, gridSide: 7, layers: 12, text: 512, textLayers: 12, embed: 512)
      ),
      (
        "ViT-B-16",
        Self.shapes(
          width: 768, patchSize: 16, gridSide: 14, layers: 12, text: 512, textLayers: 12,
          embed: 512)
      ),
      (
        "ViT-L-14-336",
        Self.shapes(
          width: 1024, patchSize: 14, gridSide: 24, layers: 24, text: 768, textLayers: 12,
          embed: 768)
      ),
    ]
    for (name, shapes) in cases {
      #expect(try Self.read(shapes, .gelu) == publishedArchitecture(name), "\(name)")
    }
  }

  @Test func openAIsResNetsAreKnownByTheirShapes() throws {
    for name in ["RN50", "RN101", "RN50x4"] {
      let architecture = try publishedArchitecture(name)
      let text = Self.shapes(
        width: 64, patchSize: 1, gridSide: 1, layers: 0, text: architecture.text.width,
        textLayers: 12, embed: architecture.projectionWidth
      ).filter { !$0.key.hasPrefix("visual.") }
      // The vision tower's names are OpenAI's already.
      let vision = try architecture.visionLayout().entries.map { ($0.name, $0.shape) }
      #expect(try Self.read(text.merging(vision) { $1 }, .gelu) == architecture, "\(name)")
    }
  }

  @Test(arguments: [1280, 1408, 1664]) func headsThatDoNotFollowAreNotGuessed(
    _ width: Int
  ) throws {
    let shapes = Self.shapes(
      width: width, patchSize: 14, gridSide: 16, layers: 2, text: 1024, textLayers: 2, embed: 1024)
    let error = expectProblem(.badData, containing: "model.pt", "heads", "\(width) wide") {
      try Self.read(shapes)
    }
    #expect(error?.remedy.contains("open_clip_config.json") == true)
    // Neither are those of a width that 64 does not divide.
    for name in ["vit", "resnet"] {
      let model = try OpenCLIPModel(name)
      expectProblem(.badData, containing: "64 wide") { try Self.read(model.shapes) }
    }
  }

  /// Every tensor that a size is read from.
  @Test(arguments: [
    "visual.conv1.weight", "visual.positional_embedding", "visual.proj", "token_embedding.weight",
    "positional_embedding", "ln_final.weight", "text_projection",
    "visual.transformer.resblocks.0.mlp.c_fc.weight", "transformer.resblocks.0.mlp.c_fc.weight",
  ]) func whatIsMissingOrMisshapenIsNamed(_ name: String) throws {
    var shapes = try OpenCLIPModel("openai-vit").shapes
    let shape = try #require(shapes[name])
    shapes[name] = nil
    expectProblem(.badData, containing: "model.pt", name) { try Self.read(shapes) }
    // Of visual.proj only its being there is read.
    guard name != "visual.proj" else { return }
    for bad in [[], shape + [1], shape.map { _ in 0 }, shape.map { _ in -1 }] {
      shapes[name] = bad
      expectProblem(.badData, containing: "model.pt", name) { try Self.read(shapes) }
    }
    shapes[name] = shape.map { _ in Int.max }
    expectProblem(.badData, containing: "model.pt") { try Self.read(shapes) }
  }

  @Test func whatIsNoCLIPIsSaidToBeNone() throws {
    expectProblem(.badData, containing: "visual.proj", "visual.layer1.0.conv1.weight") {
      try Self.read([:])
    }
    expectProblem(.badData, containing: "visual.proj") {
      try Self.read(["visual.trunk.patch_embed.proj.weight": [768, 3, 16, 16]])
    }
    for stage in 2...4 {
      let shapes = try OpenCLIPModel("deeper-resnet").shapes.filter {
        !$0.key.hasPrefix("visual.layer\(stage)")
      }
      expectProblem(.badData, containing: "0 blocks of visual.layer\(stage)") {
        try Self.read(shapes)
      }
    }
  }

  @Test(arguments: [
    ("openai-vit", "visual.positional_embedding"),
    ("deeper-resnet", "visual.attnpool.positional_embedding"),
  ]) func gridsAreSquaresOfSomeSize(_ name: String, _ positions: String) throws {
    var shapes = try OpenCLIPModel(name).shapes
    for side in [1, 5, 128] {
      shapes[positions]?[0] = side * side + 1
      #expect(try Self.read(shapes).gridSide == side)
    }
    // The last is a square, but of more pixels than any image has.
    for rows in [1, 3, 11, 60_000, 300 * 300 + 1] {
      shapes[positions]?[0] = rows
      expectProblem(.badData, containing: positions, "\(rows) rows") { try Self.read(shapes) }
    }
  }
}
