import Basics
import Foundation
import TestSupport
import Testing
import Torch

@Suite struct AutogradTests {
  /// A function of two matrices, a `[3, 4]` and b `[2, 4]`.
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var body: @Sendable (Tensor, Tensor) throws -> Tensor

    init(_ name: String, _ body: @escaping @Sendable (Tensor, Tensor) throws -> Tensor) {
      testDescription = name
      self.body = body
    }
  }

  static let cases: [Case] = [
    Case("arithmetic") { a, b in try (a * 2.0 - a * a) / (b.mean() * b.mean() + 1) },
    Case("exp, log, sqrt") { a, b in
      try (a.exp() + 1).log().sqrt() + b.sum(dimension: 0) * b.mean(dimension: 0)
    },
    Case("linear") { a, b in try a.linear(b, b.sum(dimension: 1)) },
    Case("matmul") { a, b in try a.matmul(b.transposed()) },
    Case("layer norm") { a, b in
      let rows = try b.unbound(dimension: 0)
      return try a.layerNorm(rows[0], rows[1], epsilon: 1e-3)
    },
    Case("GELU") { a, b in try a.gelu() + b.gelu().sum() },
    Case("QuickGELU") { a, b in try a.quickGELU() * b.quickGELU().sum() },
    Case("softmax") { a, b in try a.softmax() * b.logSoftmax(dimension: 0).sum() },
    Case("normalised") { a, b in try a.normalized().matmul(b.normalized().transposed()) },
    Case("cross-entropy") { a, b in
      try a.crossEntropy(Tensor([Int64(3), 0, 1]), labelSmoothing: 0.1) * b.mean()
    },
    Case("cross-entropy of probabilities") { a, b in
      try a.narrowed(from: 0, count: 2).crossEntropy(b.softmax())
    },
    Case("causal attention") { a, b in
      let queries = try Tensor.concatenated([a, b]).reshaped(1, 1, 5, 4)
      return try queries.attention(keys: queries * 0.5, values: queries, causal: true)
    },
    Case("shapes") { a, b in
      let joined = try Tensor.stacked([a.narrowed(from: 1, count: 2), b], dimension: 1)
      let turned = try joined.permuted(2, 0, 1).reshaped(4, 4)
      let parts = try (turned * turned).split([1, 3], dimension: 0)
      return try parts[1] * parts[0].expanded(3, -1)
    },
    Case("positions") { a, b in
      let rows = try Tensor([Int64(1), 1, 0]).embedded(in: b) * a.selected([2, 2, 0])
      return try (rows * rows).gathered(dimension: 1, Tensor([Int64(3), 0, 2], shape: [3, 1]))
    },
    Case("convolution") { a, b in
      try a.reshaped(1, 2, 3, 2)
        .convolved(with: b.reshaped(1, 2, 2, 2), stride: 2, padding: 1)
    },
    Case("batch normalisation") { a, b in
      let rows = try b.unbound(dimension: 0)
      let statistics = try Tensor([0.5, -1.0, 0, 0.25]).to(a.dtype ?? .float64)
      return try a.reshaped(1, 4, 3, 1).batchNormalized(
        rows[0], rows[1], mean: statistics, variance: statistics.exp(), epsilon: 1e-3)
    },
    Case("pooling and rectifying") { a, b in
      try a.reshaped(1, 1, 3, 4).averagePooled(2).relu() * b.relu().sum()
    },
    Case("clamped") { a, b in try (a * 3.0).clamped(atMost: 1) * b.abs().sum() },
  ]

  /// Derivatives are checked from outside.
  ///
  /// Parameters are multiples of 2⁻¹⁴ and the step is 2⁻¹², so that float32 holds every point
  /// exactly; the function itself is calculated in float64. What remains is the step's third-order
  /// error, h² / 6 ≈ 1e-8 of the third derivative, and the rounding of the gradient to float32.
  @Test(arguments: cases)
  func theGradientIsTheCentralDifference(_ item: Case) throws {
    let trained = try TrainableWeights(parameters())
    let step = 0x1p-12
    func loss(_ dtype: DType) throws -> Tensor {
      let result = try item.body(
        trained.tensor("a").to(dtype), trained.tensor("b").to(dtype))
      // Without a random direction, sums such as those of a softmax would have no gradient.
      let direction = try Tensor(randomNumbers(result.count, key: 3), shape: result.shape)
      return try (result * direction.to(dtype)).sum()
    }
    try loss(.float64).backward()
    let gradient: [Float] = try trained.gradient.buffer.elements()
    let differences = try withoutGradients {
      try gradient.indices.map { index -> Double in
        guard isParameter(index, trained.layout) else { return 0 }
        let place = try trained.values.buffer.narrowed(from: index, count: 1)
        let value = try place.item()
        try place.fill(with: value + step)
        let after = try loss(.float64).item()
        try place.fill(with: value - step)
        let before = try loss(.float64).item()
        try place.fill(with: value)
        return (after - before) / (2 * step)
      }
    }
    #expect(differences.contains { abs($0) > 0.01 })
    expectClose(gradient, differences, relative: 1e-6, absolute: 1e-6)

    try trained.clearGradient()
    try loss(.float32).backward()
    expectClose(
      try trained.gradient.buffer.elements(as: Float.self), gradient, relative: 1e-5,
      absolute: 2e-5)
  }

  private func parameters() throws -> Weights {
    func rounded(_ count: Int, key: Int) -> [Float] {
      randomNumbers(count, key: key).map { ($0 * 0x1p14).rounded() * 0x1p-14 }
    }
    return try Weights([
      ("a", Tensor(rounded(12, key: 1), shape: [3, 4])),
      ("b", Tensor(rounded(8, key: 2), shape: [2, 4])),
    ])
  }

  private func isParameter(_ index: Int, _ layout: WeightsLayout) -> Bool {
    layout.entries.contains { ($0.offset..<$0.end).contains(index) }
  }

  @Test func nothingIsRecordedWithoutGradients() throws {
    let trained = try TrainableWeights(parameters())
    let hidden = try withoutGradients { try trained.tensor("a").sum() }
    expectProblem(.internalError, containing: "grad") { try hidden.backward() }
    try trained.tensor("a").sum().backward()
    #expect(try trained.gradient.tensor("a").sum().item() == 12)
  }

  @Test func gradientsComeBackAfterAnErrorAndAfterNesting() throws {
    let trained = try TrainableWeights(parameters())
    expectProblem(.usage) {
      try withoutGradients { () throws(HoldfastError) in throw .usage("stop", remedy: "none") }
    }
    withoutGradients { withoutGradients {} }
    try trained.tensor("a").sum().backward()
    let inner = try withoutGradients {
      withoutGradients {}
      return try trained.tensor("a").sum()
    }
    expectProblem(.internalError) { try inner.backward() }
  }

  @Test func anotherThreadStillRecords() throws {
    let trained = try TrainableWeights(parameters())
    let outcome = Outcome()
    let a = try trained.tensor("a")
    withoutGradients {
      let thread = Thread {
        outcome.value = Result { try a.sum().backward() }
        outcome.isDone.signal()
      }
      thread.start()
      outcome.isDone.wait()
      expectProblem(.internalError) { try a.sum().backward() }
    }
    try outcome.value?.get()
    #expect(outcome.value != nil)
    #expect(try trained.gradient.tensor("a").sum().item() == 12)
  }

  /// What the other thread found; read after its signal.
  private final class Outcome: @unchecked Sendable {
    var value: Result<Void, any Error>?
    let isDone = DispatchSemaphore(value: 0)
  }

  @Test func narrowerProductsAreLimitedToTheirScope() throws {
    let x = try Tensor.random(4, 8, key: 1)
    let weight = try Tensor.random(3, 8, key: 2)
    let exact = try x.linear(weight)
    let narrow = try withPrecision(.bfloat16, on: .cpu) { () throws(HoldfastError) in
      try x.linear(weight)
    }
    #expect(narrow.dtype == .bfloat16)
    // Both factors and the result keep 8 bits; eight terms of size 1.
    expectClose(try narrow.doubles, try exact.doubles, relative: 0.01, absolute: 0.05)
    #expect(try x.linear(weight).dtype == .float32)
    let same = try withPrecision(.float32, on: .cpu) { () throws(HoldfastError) in
      try x.linear(weight)
    }
    #expect(try same.doubles == exact.doubles)
    expectProblem(.usage) {
      try withPrecision(.bfloat16, on: .cpu) { () throws(HoldfastError) in
        throw .usage("stop", remedy: "none")
      }
    }
    #expect(try x.linear(weight).dtype == .float32)
  }

  @Test func narrowerProductsHaveGradientsInFloat32() throws {
    let trained = try TrainableWeights(parameters())
    let x = try Tensor.random(5, 4, key: 1)
    func gradient(_ dtype: DType) throws -> [Float] {
      try trained.clearGradient()
      let loss = try withPrecision(dtype, on: .cpu) { () throws(HoldfastError) in
        let output = try x.linear(trained.tensor("a"))
        return try output.to(.float32).sum()
      }
      try loss.backward()
      return try trained.gradient.tensor("a").elements()
    }
    expectClose(try gradient(.bfloat16), try gradient(.float32), relative: 0.02, absolute: 0.05)
  }
}
