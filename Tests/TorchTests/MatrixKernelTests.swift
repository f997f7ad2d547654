import Basics
import TestSupport
import Testing
import Torch

/// Holdfast's own matrix kernels against libtorch's product in double precision, on random matrices.
@Suite struct MatrixKernelTests {
  /// Rows, depth and columns around the sizes of tiles (14 × 32, 6 × 16), of panels and of blocks of
  /// the depth (384), rows short enough to be read where they lie (400), narrow ones,
  /// and right-hand matrices too large for a cache, for which columns are copied.
  static let shapes = [
    (1, 1, 1), (3, 5, 7), (6, 16, 16), (13, 31, 33), (14, 32, 32), (15, 33, 31), (29, 384, 64),
    (50, 385, 48), (225, 100, 8), (449, 17, 96), (8, 800, 40), (40, 8, 100), (111, 769, 15),
    (101, 600, 501), (5, 300, 500), (7, 390, 256), (460, 30, 272),
  ]

  static let kernels = MatrixKernels.allCases.filter(\.isAvailable)

  @Test func libtorchsKernelsAreThereAlways() {
    #expect(Self.kernels.contains(.libtorch))
  }

  @Test func theChosenOnesAreThere() {
    #expect(MatrixKernels.chosen.isAvailable)
  }

  @Test(arguments: kernels, shapes)
  func aProductIsThatOfPlainLoops(_ kernel: MatrixKernels, _ shape: (Int, Int, Int)) throws {
    let (rows, depth, columns) = shape
    let left = try Tensor.random(rows, depth, key: 1)
    let right = try Tensor.random(depth, columns, key: 2)
    let expected = try left.to(.float64).matmul(right.to(.float64)).doubles
    // Rounding of a sum of n products: √n · 2⁻²⁴ · Σ|a||b| with great probability (Higham and Mary
    // 2019, "A new approach to probabilistic rounding error analysis").
    let sizes = try left.to(.float64).abs().matmul(right.to(.float64).abs()).doubles
    let unit = Double(depth).squareRoot() * 0x1p-24
    for first in [left, try left.transposed().contiguous().transposed()] {
      for second in [right, try right.transposed().contiguous().transposed()] {
        let product = try kernel.product(first, second)
        #expect(product.shape == [rows, columns])
        let errors = zip(try product.doubles, expected).map { abs($0 - $1) }
        #expect(errors.count == rows * columns)
        #expect(zip(errors, sizes).allSatisfy { $0 <= unit * $1 })
      }
    }
  }

  @Test(arguments: kernels) func whatDoesNotFitIsAnError(_ kernel: MatrixKernels) throws {
    let matrix = try Tensor.random(3, 4, key: 3)
    #expect(throws: HoldfastError.self) { try kernel.product(matrix, matrix) }
    #expect(throws: HoldfastError.self) {
      try kernel.product(matrix, Tensor.random(4, key: 4))
    }
    #expect(throws: HoldfastError.self) {
      try kernel.product(matrix.to(.float64), matrix.transposed().to(.float64))
    }
  }
}
