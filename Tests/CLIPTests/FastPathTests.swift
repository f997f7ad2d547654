import Basics
import CLIP
import TestSupport
import Testing
import Torch

/// Holdfast's own kernels against libtorch's operators, on random weights and inputs.
@Suite struct FastPathTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var activation: Activation
    var width: Int
    var heads: Int
    /// Patches and the class token make `side² + 1` tokens.
    var side: Int
    var images: Int
    /// The last parts of the names that have low-rank updates.
    var adapted: [String] = []
    var rank = 4

    var testDescription: String {
      "\(activation.rawValue), \(heads) heads of \(width / heads), \(side * side + 1) tokens, "
        + "\(images) images\(adapted.isEmpty ? "" : ", updates of rank \(rank) on \(adapted)")"
    }
  }

  static let cases = [
    Case(activation: .quickGELU, width: 64, heads: 2, side: 4, images: 3),
    Case(activation: .gelu, width: 96, heads: 4, side: 6, images: 2),
    Case(activation: .quickGELU, width: 40, heads: 5, side: 1, images: 1),
    Case(activation: .gelu, width: 64, heads: 1, side: 14, images: 1),
    // Rows enough for holdfast's own matrix kernels, in groups of several sequences and of two sizes.
    Case(activation: .quickGELU, width: 96, heads: 3, side: 3, images: 61),
    Case(
      activation: .gelu, width: 48, heads: 2, side: 3, images: 61,
      adapted: ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"], rank: 8),
    // First tokens enough for them too, through matrices that stay in a cache and others.
    Case(activation: .gelu, width: 320, heads: 5, side: 1, images: 520),
    Case(
      activation: .quickGELU, width: 48, heads: 2, side: 1, images: 520,
      adapted: ["q_proj", "v_proj", "fc1"], rank: 3),
    Case(
      activation: .quickGELU, width: 64, heads: 4, side: 3, images: 4,
      adapted: ["q_proj", "v_proj"]),
    Case(
      activation: .quickGELU, width: 48, heads: 2, side: 5, images: 2,
      adapted: ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"], rank: 13),
    // Widths of half a vector, in which no row goes in pairs; and wider than a block of columns.
    Case(
      activation: .gelu, width: 40, heads: 5, side: 2, images: 1,
      adapted: ["q_proj", "out_proj", "fc2"], rank: 1),
    Case(
      activation: .quickGELU, width: 528, heads: 2, side: 2, images: 3,
      adapted: ["k_proj", "fc1", "fc2"], rank: 9),
  ]

  @Test(arguments: cases)
  func theFusedBlockGivesTheNumbersOfPlainOperators(_ this: Case) throws {
    let fast = try Outcome(this)
    let plain = try FastPaths.off { () throws(HoldfastError) in try Outcome(this) }
    #expect(fast.features.count == plain.features.count && !plain.gradient.isEmpty)
    // Rounding tells that these are two paths.
    #expect(fast.features != plain.features && fast.gradient != plain.gradient)
    expectClose(fast.features, plain.features, relative: 2e-5, absolute: 2e-5)
    // Relative to the gradient's size: single elements may be sums that nearly cancel.
    let size = plain.gradient.map(abs).max() ?? 0
    #expect(size > 0)
    expectClose(fast.gradient, plain.gradient, relative: 1e-4, absolute: 1e-5 * Double(size))
  }

  /// The class token that the last block computes alone is that of the whole block.
  @Test(arguments: cases) func theLastBlockNeedsNoMoreThanItsFirstToken(_ this: Case) throws {
    let architecture = Outcome.architecture(this)
    let weights = try Outcome.weights(architecture)
    let tower = try VisionTower(architecture, weights)
    let size = architecture.imageSize
    let pixels = try Tensor(
      randomNumbers(this.images * 3 * size * size, key: 3), shape: [this.images, 3, size, size])
    let states = try tower.hiddenState(pixels)
    #expect(states.shape == [this.images, this.side * this.side + 1, this.width])
    let tokens = try states.narrowed(dimension: 1, from: 0, count: 1).reshaped(-1, this.width)
    let expected = try tokens.layerNorm(
      weights.tensor("vision_model.post_layernorm.weight"),
      weights.tensor("vision_model.post_layernorm.bias"), epsilon: 1e-5
    ).linear(weights.tensor("visual_projection.weight"))
    expectClose(
      try tower(pixels).elements(as: Float.self), try expected.elements(as: Float.self),
      relative: 2e-5, absolute: 2e-5)
  }

  @Test func withoutGradientsTheNumbersAreTheSame() throws {
    let this = Self.cases[0]
    let trained = try Outcome(this).features
    let scored = try withoutGradients { try Outcome(this, isScored: true).features }
    #expect(trained == scored)
  }

  @Test func aTextIsReadWithoutSeeingWhatFollows() throws {
    var architecture = Outcome.architecture(Self.cases[1])
    architecture.contextLength = 11
    let weights = try Outcome.weights(architecture)
    let rows = [[5, 9, 2, 7, 63], [5, 63], [5, 1, 1, 1, 1, 1, 1, 8, 9, 10, 63]]
    let tower = try TextTower(architecture, weights)
    let fast = try tower(rows).elements(as: Float.self)
    let plain = try FastPaths.off { () throws(HoldfastError) in
      try tower(rows).elements(as: Float.self)
    }
    expectClose(fast, plain, relative: 2e-5, absolute: 2e-5)
    let alone = try tower([rows[1]]).elements(as: Float.self)
    expectClose(
      alone, Array(fast[architecture.projectionWidth..<2 * architecture.projectionWidth]),
      relative: 2e-5, absolute: 2e-5)
  }

  /// More tokens than the kernel takes queries at once, forward and backward.
  @Test func longTextsHaveTheNumbersAndGradientsOfPlainOperators() throws {
    var architecture = Outcome.architecture(Self.cases[0])
    architecture.contextLength = 77
    let weights = try Outcome.weights(architecture).filtered { !CLIPArchitecture.isVision($0) }
    let long = (0..<76).map { 1 + $0 * 7 % 62 } + [63]
    let rows = [long, Array(long.prefix(64)) + [63], [5, 9, 63]]
    func outcome() throws(HoldfastError) -> (features: [Float], gradient: [Float]) {
      let trained = try TrainableWeights(weights)
      let output = try TextTower(architecture, trained)(rows)
      let direction = try Tensor(randomNumbers(output.count, key: 4), shape: output.shape)
      try (output * direction).sum().backward()
      return (
        try output.detached().elements(as: Float.self),
        try trained.gradient.buffer.elements(as: Float.self)
      )
    }
    let fast = try outcome()
    let plain = try FastPaths.off { () throws(HoldfastError) in try outcome() }
    #expect(fast.features != plain.features && fast.gradient != plain.gradient)
    expectClose(fast.features, plain.features, relative: 2e-5, absolute: 2e-5)
    let size = plain.gradient.map(abs).max() ?? 0
    #expect(size > 0)
    expectClose(fast.gradient, plain.gradient, relative: 1e-4, absolute: 1e-5 * Double(size))
  }

  /// Features of a random tower, and the gradient of a random projection of them.
  struct Outcome {
    var features: [Float]
    var gradient: [Float] = []

    init(_ this: Case, isScored: Bool = false) throws(HoldfastError) {
      let architecture = Self.architecture(this)
      let weights = try Self.weights(architecture)
        .filtered(CLIPArchitecture.isVision)
      let pixels = try Tensor(
        randomNumbers(this.images * 3 * architecture.imageSize * architecture.imageSize, key: 1),
        shape: [this.images, 3, architecture.imageSize, architecture.imageSize])
      if isScored {
        features = try VisionTower(architecture, weights)(pixels).elements(as: Float.self)
        return
      }
      let source = try Source(weights, adapted: this.adapted, rank: this.rank)
      let output = try VisionTower(architecture, source)(pixels)
      features = try output.detached().elements(as: Float.self)
      let direction = try Tensor(randomNumbers(output.count, key: 2), shape: output.shape)
      try (output * direction).sum().backward()
      gradient = try source.trained.gradient.buffer.elements(as: Float.self)
    }

    static func architecture(_ this: Case) -> CLIPArchitecture {
      let transformer = TransformerArchitecture(
        width: this.width, layers: 2, heads: this.heads, mlpWidth: 2 * this.width,
        activation: this.activation)
      return CLIPArchitecture(
        vision: .transformer(transformer, patchSize: 4), imageSize: 4 * this.side,
        text: transformer, vocabularyCount: 64, contextLength: 8, projectionWidth: 16,
        endToken: 63)
    }

    static func weights(_ architecture: CLIPArchitecture) throws(HoldfastError) -> Weights {
      let layout = try architecture.layout()
      return try Weights(layout: layout) { (name) throws(HoldfastError) in
        let shape = layout[name]?.shape ?? []
        let key = layout.names.firstIndex(of: name) ?? 0
        let spread: Float = shape.count > 1 ? 1 / Float(shape[1]).squareRoot() : 0.2
        let centre: Float = name.contains("norm") && name.hasSuffix("weight") ? 1 : 0
        let numbers = randomNumbers(shape.reduce(1, *), key: key).map { centre + spread * $0 }
        return try Tensor(numbers, shape: shape)
      }
    }
  }

  /// Weights of which all are trained, or low-rank updates of some alone.
  struct Source: ParameterSource {
    var frozen: Weights?
    var trained: TrainableWeights

    init(_ weights: Weights, adapted: [String], rank: Int) throws(HoldfastError) {
      guard !adapted.isEmpty else {
        trained = try TrainableWeights(weights)
        return
      }
      frozen = weights
      var groups: [[(name: String, shape: [Int])]] = []
      for entry in weights.layout.entries where entry.shape.count == 2 {
        guard adapted.contains(where: { entry.name.hasSuffix(".\($0).weight") }) else { continue }
        groups.append([(entry.name + ".down", [rank, entry.shape[1]])])
        groups.append([(entry.name + ".up", [entry.shape[0], rank])])
      }
      let layout = try WeightsLayout(groups: groups)
      trained = try TrainableWeights(
        Weights(layout: layout) { (name) throws(HoldfastError) in
          let shape = layout[name]?.shape ?? []
          let numbers = randomNumbers(
            shape.reduce(1, *), key: 100 + (layout.names.firstIndex(of: name) ?? 0))
          return try Tensor(numbers.map { 0.1 * $0 }, shape: shape)
        })
    }

    func tensor(_ name: String) throws(HoldfastError) -> Tensor {
      if let frozen { return try frozen.tensor(name) }
      return try trained.tensor(name)
    }

    func joined(_ names: [String]) throws(HoldfastError) -> Tensor {
      if let frozen { return try frozen.joined(names) }
      return try trained.joined(names)
    }

    func adapter(for name: String) throws(HoldfastError) -> LowRankAdapter? {
      guard frozen != nil, trained.layout[name + ".down"] != nil else { return nil }
      return LowRankAdapter(
        down: try trained.tensor(name + ".down"), up: try trained.tensor(name + ".up"), scale: 2)
    }
  }
}
