import Basics
import TestSupport
import Testing
import Torch

@Suite struct LowRankAdapterTests {
  /// Three projections of width 6 to 4; the second has no adapter.
  private struct Source: ParameterSource {
    var parameters: Weights
    var adapters: [String: LowRankAdapter]

    func tensor(_ name: String) throws(HoldfastError) -> Tensor { try parameters.tensor(name) }

    func joined(_ names: [String]) throws(HoldfastError) -> Tensor {
      try parameters.joined(names)
    }

    func adapter(for name: String) throws(HoldfastError) -> LowRankAdapter? { adapters[name] }
  }

  private let names = ["q", "k", "v"]

  private func source() throws -> Source {
    let layout = try WeightsLayout(groups: [
      names.map { ($0 + ".weight", [4, 6]) }, names.map { ($0 + ".bias", [4]) },
    ])
    let parameters = try Weights(
      layout: layout, buffer: Tensor.random(layout.count, key: 1))
    return Source(
      parameters: parameters,
      adapters: [
        "q.weight": try adapter(key: 2, scale: 0.5), "v.weight": try adapter(key: 4, scale: 2),
      ])
  }

  private func adapter(key: Int, scale: Double) throws -> LowRankAdapter {
    LowRankAdapter(
      down: try Tensor.random(2, 6, key: key), up: try Tensor.random(4, 2, key: key + 1),
      scale: scale)
  }

  /// The weight with its update added, `W + scale · B · A`.
  private func merged(_ source: Source, _ name: String) throws -> Tensor {
    let weight = try source.tensor(name + ".weight")
    guard let adapter = source.adapters[name + ".weight"] else { return weight }
    return try weight + adapter.up.matmul(adapter.down) * adapter.scale
  }

  /// Sums of at most a dozen float32 products of size 1 to 10.
  private func expectSame(_ result: Tensor, _ expected: Tensor) throws {
    #expect(result.shape == expected.shape)
    expectClose(try result.doubles, try expected.doubles, relative: 5e-6, absolute: 1e-5)
  }

  @Test func anAdapterIsThatOfTheMergedWeight() throws {
    let source = try source()
    let x = try Tensor.random(2, 5, 6, key: 9)
    for name in names {
      let linear = try source.linear(name)
      #expect(linear.adapters.count == (name == "k" ? 0 : 1))
      try expectSame(
        linear(x), x.linear(merged(source, name), source.tensor(name + ".bias")))
    }
  }

  @Test func joinedProjectionsKeepTheirOwnAdapters() throws {
    let source = try source()
    let x = try Tensor.random(2, 5, 6, key: 9)
    let weight = try Tensor.concatenated(names.map { try merged(source, $0) })
    let bias = try source.joined(names.map { $0 + ".bias" })
    try expectSame(source.linear(names)(x), x.linear(weight, bias))
  }

  /// A part of the joint map is the map of that part, with its adapters and its gradient.
  @Test(arguments: [0..<1, 1..<3, 0..<3, 2..<2])
  func partsOfAJointMapAreTheMapsOfTheParts(_ range: Range<Int>) throws {
    let source = try source()
    let x = try Tensor.random(2, 5, 6, key: 9)
    let part = try source.linear(names).part(range, of: 3)
    #expect(part.weight.shape == [4 * range.count, 6] && part.adapters.count == range.count)
    if !range.isEmpty { try expectSame(part(x), source.linear(Array(names[range]))(x)) }
    let plain = try source.parameters.linear(names).part(range, of: 3)
    #expect(plain.adapters.isEmpty && plain.bias?.shape == [4 * range.count])
  }

  @Test func partsThatAreNoneAreRefused() throws {
    let joint = try source().linear(names)
    for (range, count) in [(0..<4, 3), (0..<1, 0), (0..<1, 5), (0..<1, 2), (-1..<1, 3)] {
      expectProblem(.internalError, containing: "no parts") { try joint.part(range, of: count) }
    }
  }

  @Test func withoutAdaptersALinearMapIsPlain() throws {
    var source = try source()
    source.adapters = [:]
    let linear = try source.linear(names)
    #expect(linear.adapters.isEmpty)
    let x = try Tensor.random(5, 6, key: 9)
    #expect(try linear(x).doubles == x.linear(linear.weight, linear.bias).doubles)
    #expect(try source.parameters.linear(names).adapters.isEmpty)
    expectProblem(.badData, containing: "out.weight") { try source.linear("out") }
  }

  @Test func adaptersWorkInNarrowerPrecision() throws {
    let source = try source()
    let x = try Tensor.random(5, 6, key: 9)
    let exact = try source.linear(names)(x)
    let narrow = try withPrecision(.bfloat16, on: .cpu) { () throws(HoldfastError) in
      try source.linear(names)(x)
    }
    #expect(narrow.shape == exact.shape)
    expectClose(try narrow.doubles, try exact.doubles, relative: 0.03, absolute: 0.15)
  }

  /// Training the adapter reaches both its matrices and leaves the frozen weight alone.
  @Test func gradientsReachTheAdapter() throws {
    let source = try source()
    let trained = try TrainableWeights(
      Weights([
        ("down", Tensor.random(2, 6, key: 2)), ("up", Tensor.random(4, 2, key: 3)),
      ]))
    let x = try Tensor.random(5, 6, key: 9)
    var linear = try source.linear("k")
    linear.adapters = [
      LowRankAdapter(down: try trained.tensor("down"), up: try trained.tensor("up"), scale: 0.5)
    ]
    try linear(x).sum().backward()
    // d/dB of Σ scale · B A x, the same for every output.
    let ones = try Tensor.full([5, 4], 0.5)
    let expected = try ones.transposed().matmul(x.linear(trained.values.tensor("down")))
    try expectSame(trained.gradient.tensor("up"), expected)
    #expect(try trained.gradient.tensor("down").norm().doubles.allSatisfy { $0 > 0 })
  }
}
