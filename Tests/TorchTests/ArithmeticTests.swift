import Basics
import TestSupport
import Testing
import Torch

/// Elementwise operators, reductions and shapes against numbers calculated by hand.
@Suite struct ArithmeticTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var expected: [Double]
    var body: @Sendable (Tensor, Tensor) throws -> Tensor

    init(
      _ name: String, _ expected: [Double],
      _ body: @escaping @Sendable (Tensor, Tensor) throws -> Tensor
    ) {
      testDescription = name
      self.expected = expected
      self.body = body
    }
  }

  /// For a = [[1, −2, 4], [0.5, 0, 8]] and b = [[2, 2, −1], [4, 1, 0.5]].
  static let cases: [Case] = [
    Case("a + b", [3, 0, 3, 4.5, 1, 8.5]) { try $0 + $1 },
    Case("a + 1.5", [2.5, -0.5, 5.5, 2, 1.5, 9.5]) { a, _ in try a + 1.5 },
    Case("a − b", [-1, -4, 5, -3.5, -1, 7.5]) { try $0 - $1 },
    Case("a · b", [2, -4, -4, 2, 0, 4]) { try $0 * $1 },
    Case("a · −0.5", [-0.5, 1, -2, -0.25, 0, -4]) { a, _ in try a * -0.5 },
    Case("a · 3", [3, -6, 12, 1.5, 0, 24]) { a, _ in try a * 3 },
    Case("a / b", [0.5, -1, -4, 0.125, 0, 16]) { try $0 / $1 },
    Case("remainder", [1, 1, 1, 0.5, 0, 2]) { a, _ in try a.remainder(3) },
    Case("abs", [1, 2, 4, 0.5, 0, 8]) { a, _ in try a.abs() },
    Case("sign", [1, -1, 1, 1, 0, 1]) { a, _ in try a.sign() },
    Case("sqrt", [1, 2, 4, 0.5, 0, 8]) { a, _ in try (a * a).sqrt() },
    Case("exp, log", [1, -2, 4, 0.5, 0, 8]) { a, _ in try a.exp().log() },
    Case("sigmoid at 0", [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]) { a, _ in try (a * 0.0).sigmoid() },
    Case("clamped", [1, -2, 2, 0.5, 0, 2]) { a, _ in try a.clamped(atMost: 2) },
    Case("sum", [11.5]) { a, _ in try a.sum() },
    Case("sum of columns", [1.5, -2, 12]) { a, _ in try a.sum(dimension: 0) },
    Case("sum of rows", [3, 8.5]) { a, _ in try a.sum(dimension: -1, keepDimension: true) },
    Case("mean", [11.5 / 6]) { a, _ in try a.mean() },
    Case("mean of rows", [1, 8.5 / 3]) { a, _ in try a.mean(dimension: 1) },
    Case("norm", [Double(21).squareRoot(), Double(64.25).squareRoot()]) { a, _ in try a.norm() },
    Case("matmul", [2 - 4 - 4, 4 - 2 + 2, 1 + 0 - 8, 2 + 0 + 4]) { try $0.matmul($1.transposed()) },
    Case("transposed", [1, 0.5, -2, 0, 4, 8]) { a, _ in try a.transposed() },
    Case("permuted", [1, 0.5, -2, 0, 4, 8]) { a, _ in try a.permuted(1, 0) },
    Case("narrowed", [-2, 4, 0, 8]) { a, _ in try a.narrowed(dimension: 1, from: 1, count: 2) },
    Case("reshaped", [1, -2, 4, 0.5, 0, 8]) { a, _ in try a.reshaped(3, -1) },
    Case("expanded", [3, 3, 8.5, 8.5]) { a, _ in
      try a.sum(dimension: 1, keepDimension: true).expanded(-1, 2)
    },
    Case("selected", [4, 1, 1, 8, 0.5, 0.5]) { a, _ in try a.selected([2, 0, 0], dimension: 1) },
    Case("gathered", [4, 0.5]) { a, _ in
      try a.gathered(dimension: 1, Tensor([Int64(2), 0], shape: [2, 1]))
    },
    Case("concatenated", [1, -2, 4, 2, 2, -1, 0.5, 0, 8, 4, 1, 0.5]) {
      try Tensor.concatenated([$0, $1], dimension: 1)
    },
    Case("stacked", [1, -2, 4, 2, 2, -1, 0.5, 0, 8, 4, 1, 0.5]) {
      try Tensor.stacked([$0, $1], dimension: 1)
    },
    Case("split", [4, 8]) { a, _ in try a.split([2, 1], dimension: 1)[1] },
    Case("argmax", [2, 2]) { a, _ in try a.argmax() },
    Case("argmax of equals", [0, 0]) { a, _ in try (a * 0.0).argmax() },
    Case("top values", [4, 1, 8, 0.5]) { a, _ in try a.top(2).values },
    Case("top positions", [2, 0, 2, 0]) { a, _ in try a.top(2).positions },
    Case("embedded", [0.5, 0, 8, 1, -2, 4]) { a, _ in try Tensor([Int64(1), 0]).embedded(in: a) },
    Case("full", [7, 7]) { _, _ in try Tensor.full([2], 7) },
    Case("arange", [0, 1, 2, 3]) { _, _ in try Tensor.arange(4) },
  ]

  @Test(arguments: cases)
  func agreesWithTheHand(_ item: Case) throws {
    let a = try Tensor([Float(1), -2, 4, 0.5, 0, 8], shape: [2, 3])
    let b = try Tensor([Float(2), 2, -1, 4, 1, 0.5], shape: [2, 3])
    let result = try item.body(a, b).elements(as: Double.self)
    expectClose(result, item.expected, relative: 3e-7, absolute: 1e-7)
  }

  @Test func squaresAreSummedInDoublePrecision() throws {
    #expect(try Tensor([1, -2, 4, 0.5, 0, 8] as [Float], shape: [2, 3]).sumOfSquares() == 85.25)
    // Longer than a block, and in single precision beyond 2²⁴ quarters.
    let halves = try Tensor.zeros([(1 << 24) + 3])
    try halves.fill(with: 0.5)
    #expect(try halves.sumOfSquares() == 0.25 * Double(halves.count))
    // Squares that no float holds.
    let large = Double(Float(1e30))
    #expect(try Tensor([1e30, -1e30] as [Float], shape: [2]).sumOfSquares() == 2 * large * large)
    #expect(try Tensor.zeros([0, 4]).sumOfSquares() == 0)
  }

  @Test func rowsAreNormalised() throws {
    let rows = try Tensor([Float(3), 4, 0, -2], shape: [2, 2]).normalized()
    expectClose(try rows.elements(as: Float.self), [0.6, 0.8, 0, -1], relative: 1e-7)
  }

  @Test func manyEntriesAreUnbound() throws {
    let rows = try Tensor.random(100, 2, key: 1).unbound(dimension: 0)
    #expect(rows.count == 100)
    #expect(rows.allSatisfy { $0.shape == [2] })
    #expect(
      try Tensor.zeros([100]).split([Int](repeating: 1, count: 100), dimension: 0).count == 100)
  }

  @Test func inPlaceChangesReachViews() throws {
    let tensor = try Tensor.zeros([2, 2])
    try tensor.narrowed(from: 1, count: 1).copy(from: Tensor([Int64(5)]))
    #expect(try tensor.elements() == [Float(0), 0, 5, 5])
    try tensor.fill(with: -1)
    #expect(try tensor.elements() == [Float(-1), -1, -1, -1])
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func numbersThatAreNotFiniteAreFound(value: Float) throws {
    #expect(try Tensor([Float(1), 2]).isFinite())
    #expect(try !Tensor([Float(1), value]).isFinite())
  }

  /// Mistakes that libtorch finds come back as errors; the process lives on.
  @Test func wrongShapesAndPositionsAreErrors() throws {
    let a = try Tensor.random(2, 3, key: 1)
    let b = try Tensor.random(4, 5, key: 2)
    let mistakes: [(Tensor, Tensor) throws -> Any] = [
      { try $0 + $1 }, { try $0.matmul($1) }, { try $0.linear($1) }, { try $0.copy(from: $1) },
      { a, _ in try a.reshaped(7) }, { a, _ in try a.reshaped(-1, -1) },
      { a, _ in try a.permuted(0, 0) }, { a, _ in try a.transposed(0, 5) },
      { a, _ in try a.narrowed(from: 1, count: 9) }, { a, _ in try a.narrowed(from: 9, count: 1) },
      { a, _ in try a.split([1, 1], dimension: 1) }, { a, _ in try a.unbound(dimension: 3) },
      { a, _ in try a.selected([3]) }, { a, _ in try a.selected([-7]) },
      { a, _ in try Tensor([Int64(2)]).embedded(in: a) },
      { a, _ in try Tensor([Int64(-1)]).embedded(in: a) },
      { a, _ in try a.gathered(dimension: 1, Tensor([Int64(3)], shape: [1, 1])) },
      { a, _ in try a.crossEntropy(Tensor([Int64(0), 3])) },
      { a, b in try a.layerNorm(b, b, epsilon: 1e-5) }, { a, _ in try a.top(4) },
      { a, b in try a.attention(keys: b, values: b, causal: true) },
      { _, _ in try Tensor.concatenated([]) }, { _, _ in try Tensor.stacked([]) },
      { try Tensor.stacked([$0, $1]) }, { a, _ in try a.backward() },
      { _, _ in try Tensor.zeros([-1]) },
    ]
    for (number, mistake) in mistakes.enumerated() {
      expectProblem(.internalError, containing: "libtorch: ", sourceLocation: #_sourceLocation) {
        _ = try mistake(a, b)
        Issue.record("mistake \(number) was not found")
      }
    }
  }
}
