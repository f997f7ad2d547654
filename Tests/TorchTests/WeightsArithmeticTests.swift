import Basics
import TestSupport
import Testing
import Torch

@Suite struct WeightsArithmeticTests {
  /// Longer than the work of one thread, and no multiple of any block.
  static let count = 150_007

  private func point(_ numbers: [Float]) throws -> Weights {
    try Weights([("a", Tensor(numbers))])
  }

  private func numbers(_ weights: Weights) throws -> [Float] { try weights.buffer.elements() }

  /// Random numbers with the rare kinds at the front.
  private func extremes(key: Int) -> [Float] {
    let rare: [Float] = [
      0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
      0x1.8p-128, -0x1.4p-133, .greatestFiniteMagnitude, 1, -1,
    ]
    return rare[(key % 10)...] + rare[..<(key % 10)]
      + randomNumbers(Self.count - rare.count, key: key)
  }

  @Test func theEndsOfALineAreExact() throws {
    let (from, to) = try (point(extremes(key: 1)), point(extremes(key: 4)))
    let start = try numbers(Weights.lerp(from, to, 0))
    let end = try numbers(Weights.lerp(from, to, 1))
    #expect(start.map(\.bitPattern) == extremes(key: 1).map(\.bitPattern))
    #expect(end.map(\.bitPattern) == extremes(key: 4).map(\.bitPattern))
  }

  /// Bit for bit: the pass is compiled without fused multiply-add.
  @Test(arguments: [0.5, 0.1, 0.3333, 0.999, -0.5, 1.5] as [Double])
  func theInteriorIsThatOfPlainFloats(alpha: Double) throws {
    let (from, to) = (extremes(key: 1), extremes(key: 4))
    let result = try numbers(Weights.lerp(point(from), point(to), alpha))
    let (keep, share) = (Float(1 - alpha), Float(alpha))
    let expected = zip(from, to).map { keep * $0 + share * $1 }
    #expect(result.map(\.bitPattern) == expected.map(\.bitPattern))
  }

  @Test func interpolationMakesNewWeightsOrFillsGivenOnes() throws {
    let (from, to) = try (point([1, 2]), point([3, -2]))
    let line = try Weights.lerp(from, to, 0)
    try line.buffer.fill(with: 9)
    #expect(try numbers(from) == [1, 2])
    try line.interpolate(from, to, 0.25)
    #expect(try numbers(line) == [1.5, 1])
    try from.interpolate(from, to, 0.5)
    #expect(try numbers(from) == [2, 0])
  }

  @Test(arguments: [1, 2, 3, 7])
  func theMeanIsThatOfDoubles(count: Int) throws {
    let points = (0..<count).map { randomNumbers(1000, key: $0) }
    let result = try Weights.mean(points.map(point))
    let expected = (0..<1000).map { index in
      Float(points.reduce(0) { $0 + Double($1[index]) } * (1 / Double(count)))
    }
    #expect(try numbers(result) == expected)
  }

  /// More than is added up at once.
  @Test func theMeanOfManyNumbersIsThatOfDoubles() throws {
    let count = (1 << 22) + 3
    let points = (1...2).map { factor in
      (0..<count).map { Float($0 % 1013) * 0.1 * Float(factor) }
    }
    let result = try numbers(Weights.mean(points.map(point)))
    let isMean = (0..<count).allSatisfy {
      result[$0] == Float((Double(points[0][$0]) + Double(points[1][$0])) * 0.5)
    }
    #expect(isMean && result.count == count)
  }

  @Test func theMeanOfOnePointIsACopyAndOfNoneAnError() throws {
    let only = try point([1, -0.0])
    let mean = try Weights.mean([only])
    try only.buffer.fill(with: 5)
    #expect(try numbers(mean).map(\.bitPattern) == [Float(1), -0.0].map(\.bitPattern))
    expectProblem(.usage) { try Weights.mean([]) }
  }

  @Test func sumsDifferencesAndMultiples() throws {
    let (a, b) = try (point([1, 2]), point([0.5, -4]))
    #expect(try numbers(a + b) == [1.5, -2])
    #expect(try numbers(a - b) == [0.5, 6])
    #expect(try numbers(a * -2) == [-2, -4])
    #expect(try numbers(a) == [1, 2])
  }

  @Test func normsByTensorAndByBlock() throws {
    let weights = try Weights([
      ("embedding", Tensor([Float(3), 4])),
      ("tower.layers.0.a", Tensor([Float(2)])), ("tower.layers.0.b.c", Tensor([Float(1), 2])),
      ("tower.layers.10.a", Tensor([Float(-7)])), ("tower.layers", Tensor([Float(6)])),
      ("other.layers.0.a", Tensor([Float(0)])),
    ])
    expectClose(
      try weights.norm(), Double(25 + 4 + 5 + 49 + 36).squareRoot(), relative: 1e-15)
    let tensors = try weights.norm(by: .tensor)
    #expect(tensors.map(\.name) == weights.names)
    expectClose(
      tensors.map(\.norm), [5, 2, Double(5).squareRoot(), 7, 6, 0], relative: 1e-15)
    let blocks = try weights.norm(by: .block)
    #expect(
      blocks.map(\.name)
        == ["embedding", "tower.layers.0", "tower.layers.10", "tower.layers", "other.layers.0"])
    expectClose(blocks.map(\.norm), [5, 3, 7, 6, 0], relative: 1e-15)
  }

  /// Squares that overflow float32 do not overflow the norm.
  @Test func theNormIsCalculatedInDouble() throws {
    expectClose(try point([3e30, 4e30]).norm(), 5e30, relative: 1e-7)
  }

  /// The last block of a norm's sum is seldom whole.
  @Test func theNormGoesOverAllBlocks() throws {
    let count = 2 << 20 | 5
    let weights = try Weights([("long", Tensor.zeros([count]) + 3)])
    expectClose(try weights.norm(), 3 * Double(count).squareRoot(), relative: 1e-12)
  }

  @Test func numbersThatAreNotFiniteAreFound() throws {
    #expect(try point([1, 2]).isFinite())
    #expect(try !point([1, .nan]).isFinite())
  }

  @Test func everyDifferenceOfTwoLayoutsIsInOneError() throws {
    let one = try Weights([
      ("same", Tensor.zeros([1])), ("shape", Tensor.zeros([2, 3])), ("gone", Tensor.zeros([1])),
    ])
    let two = try Weights([
      ("same", Tensor.zeros([1])), ("shape", Tensor.zeros([3, 2])), ("new", Tensor.zeros([1])),
    ])
    let operations: [() throws -> Any] = [
      { try one + two }, { try one - two }, { try Weights.lerp(one, two, 0.5) },
      { try Weights.lerp(one, two, 1) }, { try Weights.mean([one, two]) },
      { try one.copy(from: two) }, { try one.interpolate(two, two, 0.5) },
      { try AdamW(TrainableWeights(one), reference: two) { _ in .init() } },
    ]
    for operation in operations {
      let error = expectProblem(.badData, containing: "shape is [", "gone is only", "new is only") {
        try operation()
      }
      #expect(error?.problem.contains("same") == false)
      #expect(error?.problem.contains("\n") == false)
    }
  }

  @Test func otherOrdersAndManyDifferencesAreSaidShortly() throws {
    let names = (0..<20).map { "tensor\($0)" }
    let zero = try Tensor.zeros([1])
    let forward = try Weights(names.map { ($0, zero) })
    let backward = try Weights(names.reversed().map { ($0, zero) })
    expectProblem(.badData, containing: "another order") { try forward + backward }
    expectProblem(.badData, containing: "tensor7 is only in the first; and 12 more") {
      try forward + Weights([])
    }
  }
}
