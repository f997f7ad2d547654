import Basics
import CLIP
import TestSupport
import Testing
import Torch

/// Towers equal those of open_clip (`Tests/Fixtures/make_architectures.py`).
@Suite struct OpenCLIPTowerTests {
  @Test(arguments: OpenCLIPModel.names) func featuresAreThoseOfOpenCLIP(_ name: String) throws {
    let model = try OpenCLIPModel(name)
    let vision = try VisionTower(model.architecture, model.weights)
    let images = try vision(model.pixels)
    try expectClose(images, model.expected.tensor("image_features"), tolerance: 1e-5)
    let texts = try TextTower(model.architecture, model.weights)(model.texts)
    try expectClose(texts, model.expected.tensor("text_features"), tolerance: 1e-5)
    if case .resNet = model.architecture.vision {
      try expectClose(
        vision.hiddenState(model.pixels), model.expected.tensor("last_map"), tolerance: 1e-5)
    }
  }

  @Test(arguments: ["vit", "resnet"]) func headsAndActivationChangeTheFeatures(
    _ name: String
  ) throws {
    let model = try OpenCLIPModel(name)
    let expected = try model.expected.tensor("image_features")
    var others: [CLIPArchitecture] = []
    switch model.architecture.vision {
    case .transformer(var transformer, let patchSize):
      transformer.heads /= 2
      var fewerHeads = model.architecture
      fewerHeads.vision = .transformer(transformer, patchSize: patchSize)
      others = [fewerHeads, model.architecture.with(.quickGELU)]
    case .resNet(var resNet):
      resNet.heads /= 2
      var fewerHeads = model.architecture
      fewerHeads.vision = .resNet(resNet)
      others = [fewerHeads]
    }
    for other in others {
      let features = try VisionTower(other, model.weights)(model.pixels)
      let difference = try (features - expected).abs().elements(as: Float.self).max() ?? 0
      #expect(difference > 1e-3)
    }
  }

  @Test func imagesOfABatchDoNotMeet() throws {
    let model = try OpenCLIPModel("resnet")
    let tower = try VisionTower(model.architecture, model.weights)
    let together = try tower(model.pixels)
    for index in 0..<3 {
      try expectClose(
        together.narrowed(from: index, count: 1),
        tower(model.pixels.narrowed(from: index, count: 1)), tolerance: 1e-5)
    }
  }

  @Test(arguments: OpenCLIPModel.names) func imagesOfAnotherSizeAreAnError(_ name: String) throws {
    let model = try OpenCLIPModel(name)
    let tower = try VisionTower(model.architecture, model.weights)
    let size = model.architecture.imageSize
    // Four images of twice the size have as many numbers as sixteen.
    for shape in [[4, 3, 2 * size, 2 * size], [2, 3, size, 2 * size], [3, size, size], [4, 1]] {
      let pixels = try Tensor.zeros(shape)
      expectProblem(.usage, containing: "\(shape)", "\(size)") { try tower(pixels) }
      expectProblem(.usage, containing: "\(shape)", "\(size)") { try tower.hiddenState(pixels) }
    }
    #expect(
      try tower(.zeros([0, 3, size, size])).shape == [0, model.architecture.projectionWidth])
  }

  @Test func aTowerNeedsAllItsTensors() throws {
    let model = try OpenCLIPModel("resnet")
    for name in try model.architecture.visionLayout().names {
      let fewer = try model.weights.filtered { $0 != name }
      expectProblem(.badData, containing: name) { try VisionTower(model.architecture, fewer) }
    }
  }

  @Test func theGradientOfAResNetReachesAllButItsStatistics() throws {
    let model = try OpenCLIPModel("deeper-resnet")
    let vision = try model.weights.filtered(CLIPArchitecture.isVision)
    let moving = try TrainableWeights(vision.filtered { !CLIPArchitecture.isFixed($0) })
    let source = PartlyTrained(moving: moving, still: vision)
    let features = try VisionTower(model.architecture, source)(model.pixels)
    try expectClose(features, model.expected.tensor("image_features"), tolerance: 1e-5)
    let direction = try Tensor.random(3, 20, key: 1)
    try (features * direction).sum().backward()
    for name in moving.layout.names {
      let gradient = try moving.gradient.tensor(name)
      let greatest = try gradient.abs().elements(as: Float.self).max() ?? 0
      // A softmax is blind to what is added to all keys.
      #expect(greatest > (name == "visual.attnpool.k_proj.bias" ? -1 : 1e-4), "\(name)")
    }
    // A step along the gradient changes the sum by its squared length.
    let step = 1e-6
    let length = try (moving.gradient.buffer * moving.gradient.buffer).sum().item()
    let before = try (features * direction).sum().item()
    let moved = try PartlyTrained(
      moving: TrainableWeights(
        Weights(layout: moving.layout) { (name) throws(HoldfastError) in
          try moving.values.tensor(name) + moving.gradient.tensor(name) * step
        }), still: vision)
    let after = try (VisionTower(model.architecture, moved)(model.pixels) * direction).sum().item()
    expectClose(after - before, step * length, relative: 0.05)
  }

  @Test(arguments: OpenCLIPModel.names) func narrowerProductsGiveLikeFeatures(
    _ name: String
  ) throws {
    let model = try OpenCLIPModel(name)
    let trained = try TrainableWeights(
      model.weights.filtered { !CLIPArchitecture.isFixed($0) })
    let source = PartlyTrained(moving: trained, still: model.weights)
    let features = try withPrecision(.bfloat16, on: .cpu) { () throws(HoldfastError) in
      try VisionTower(model.architecture, source)(model.pixels).to(.float32)
    }
    // A product keeps 8 bits, and its errors add up over the layers.
    try expectClose(features, model.expected.tensor("image_features"), tolerance: 0.05)
    try features.sum().backward()
    #expect(try trained.gradient.buffer.isFinite())
    #expect(try trained.gradient.buffer.abs().sum().item() > 1)
  }

  @Test func lowRankUpdatesReachTheAttentionPooling() throws {
    let model = try OpenCLIPModel("resnet")
    let before = try VisionTower(model.architecture, model.weights)(model.pixels)
    for name in ["q_proj", "k_proj", "v_proj", "c_proj"] {
      let weight = "visual.attnpool.\(name).weight"
      let shape = try model.weights.tensor(weight).shape
      let adapter = try LowRankAdapter(
        down: .random(2, shape[1], key: 1) * 0.1, up: .random(shape[0], 2, key: 2), scale: 0.5)
      let source = Adapted(weights: model.weights, name: weight, adapter: adapter)
      let adapted = try VisionTower(model.architecture, source)(model.pixels)
      let merged = try model.weights.clone()
      try merged.tensor(weight).copy(
        from: merged.tensor(weight) + adapter.up.matmul(adapter.down) * adapter.scale)
      try expectClose(
        adapted, VisionTower(model.architecture, merged)(model.pixels), tolerance: 1e-5)
      #expect(try (adapted - before).abs().elements(as: Float.self).max() ?? 0 > 1e-3, "\(name)")
    }
  }
}

/// Weights of which some are trained.
private struct PartlyTrained: ParameterSource {
  let moving: TrainableWeights
  let still: Weights

  func tensor(_ name: String) throws(HoldfastError) -> Tensor {
    moving.layout[name] != nil ? try moving.tensor(name) : try still.tensor(name)
  }

  func joined(_ names: [String]) throws(HoldfastError) -> Tensor { try moving.joined(names) }
}

/// Weights with a low-rank update on one of them.
private struct Adapted: ParameterSource {
  let weights: Weights
  let name: String
  let adapter: LowRankAdapter

  func tensor(_ name: String) throws(HoldfastError) -> Tensor { try weights.tensor(name) }

  func joined(_ names: [String]) throws(HoldfastError) -> Tensor { try weights.joined(names) }

  func adapter(for name: String) throws(HoldfastError) -> LowRankAdapter? {
    name == self.name ? adapter : nil
  }
}
