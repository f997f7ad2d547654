import Basics
import TestSupport
import Testing
import Torch

/// The first tokens of a vision transformer in one pass, against libtorch's operators.
@Suite struct FusedEmbeddingTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var width: Int
    var side: Int
    var rows: Int
    var columns: Int
    var images: Int

    var testDescription: String {
      "\(images) images of \(rows) × \(columns) patches of \(side) × \(side), width \(width)"
    }
  }

  static let cases = [
    Case(width: 8, side: 4, rows: 2, columns: 3, images: 2),
    Case(width: 40, side: 3, rows: 1, columns: 1, images: 1),
    Case(width: 96, side: 8, rows: 4, columns: 4, images: 5),
    // Rows enough for holdfast's own matrix kernels, and for two rounds of patches.
    Case(width: 48, side: 5, rows: 3, columns: 2, images: 160),
    Case(width: 32, side: 4, rows: 4, columns: 2, images: 57),
  ]

  /// Parameters in the order of the initialiser, and pixels; all of them leaves.
  private struct Leaves {
    var tensors: [Tensor] = []
    var gradients: [Tensor] = []

    init(_ this: Case) throws {
      let shapes = [
        [this.width, 3, this.side, this.side], [this.width],
        [1 + this.rows * this.columns, this.width], [this.width], [this.width],
        [this.images, 3, this.rows * this.side, this.columns * this.side],
      ]
      var values: [(name: String, tensor: Tensor)] = []
      for (key, shape) in shapes.enumerated() {
        let numbers = randomNumbers(shape.reduce(1, *), key: key)
        values.append(("\(key)", try Tensor(numbers, shape: shape)))
      }
      let trained = try TrainableWeights(Weights(values))
      tensors = try values.map { try trained.tensor($0.name) }
      gradients = try values.map { try trained.gradient.tensor($0.name) }
    }

    var pixels: Tensor { tensors[5] }

    func fused() throws -> Tensor? {
      try FusedEmbedding(
        patches: tensors[0], classToken: tensors[1], positions: tensors[2],
        norm: (tensors[3], tensors[4]), epsilon: 1e-5)?(pixels)
    }

    func plain(_ this: Case) throws -> Tensor {
      let patches =
        try pixels
        .reshaped(this.images, 3, this.rows, this.side, this.columns, this.side)
        .permuted(0, 2, 4, 1, 3, 5)
        .reshaped(this.images, this.rows * this.columns, 3 * this.side * this.side)
        .linear(tensors[0].reshaped(this.width, -1))
      let first = try tensors[1].reshaped(1, 1, this.width)
        .expanded(this.images, 1, this.width)
      return try (Tensor.concatenated([first, patches], dimension: 1) + tensors[2])
        .layerNorm(tensors[3], tensors[4], epsilon: 1e-5)
    }
  }

  @Test(arguments: cases) func itIsThatOfPlainOperators(_ this: Case) throws {
    let (fast, plain) = try (Leaves(this), Leaves(this))
    let result = try #require(try fast.fused())
    let expected = try plain.plain(this)
    #expect(result.shape == expected.shape)
    expectClose(try result.doubles, try expected.doubles, relative: 2e-5, absolute: 2e-5)
    let direction = try Tensor(randomNumbers(result.count, key: 9), shape: result.shape)
    try (result * direction).sum().backward()
    try (expected * direction).sum().backward()
    for (own, other) in zip(fast.gradients, plain.gradients) {
      let numbers = try other.doubles
      let size = numbers.map(abs).max() ?? 0
      #expect(size > 0)
      expectClose(try own.doubles, numbers, relative: 1e-4, absolute: 1e-5 * size)
    }
  }

  @Test func withoutGradientsTheNumbersAreTheSame() throws {
    let leaves = try Leaves(Self.cases[2])
    let trained = try #require(try leaves.fused()).doubles
    let scored = try withoutGradients { try leaves.fused()?.doubles }
    #expect(scored == trained)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let vector = try Tensor.zeros([12])
    // No multiple of eight.
    #expect(
      FusedEmbedding(
        patches: try Tensor.zeros([12, 3, 2, 2]), classToken: vector, positions: vector,
        norm: (vector, vector), epsilon: 1e-5) == nil)
    let leaves = try Leaves(Self.cases[0])
    let embedding = try #require(
      FusedEmbedding(
        patches: leaves.tensors[0], classToken: leaves.tensors[1], positions: leaves.tensors[2],
        norm: (leaves.tensors[3], leaves.tensors[4]), epsilon: 1e-5))
    for shape in [[1, 3, 9, 12], [1, 3, 8, 8], [1, 1, 8, 12], [3, 8, 12]] {
      #expect(throws: HoldfastError.self) { try embedding(Tensor.zeros(shape)) }
    }
  }
}
