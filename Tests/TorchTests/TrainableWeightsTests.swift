import Basics
import TestSupport
import Testing
import Torch

@Suite struct TrainableWeightsTests {
  static let projections = ["q.weight", "k.weight", "v.weight"]

  /// Query, key and value projections of width 4, in one group or each alone, and a bias.
  private func weights(grouped: Bool) throws -> Weights {
    let matrices = Self.projections.map { (name: $0, shape: [4, 4]) }
    let groups = grouped ? [matrices] : matrices.map { [$0] }
    let layout = try WeightsLayout(groups: groups + [[("bias", [4])]])
    return try Weights(layout: layout) { (name) throws(HoldfastError) in
      let key = name.utf8.reduce(0) { $0 * 31 + Int($1) }
      let shape = layout[name]?.shape ?? []
      return try Tensor(randomNumbers(shape.reduce(1, *), key: key), shape: shape)
    }
  }

  private func loss(_ source: some ParameterSource, joined: Bool) throws -> Tensor {
    let x = try Tensor.random(2, 5, 4, key: 7)
    let parts =
      joined
      ? try x.linear(source.joined(Self.projections)).split([4, 4, 4], dimension: -1)
      : try Self.projections.map { try x.linear(source.tensor($0)) }
    let heads = try parts.map { try $0.reshaped(2, 1, 5, 4) }
    let mixed = try heads[0].attention(keys: heads[1], values: heads[2], causal: true)
    return try (mixed + source.tensor("bias")).quickGELU().sum()
  }

  /// One leaf for the group, three leaves, and plain weights give one loss and one gradient.
  @Test func aGroupHasTheGradientOfItsTensors() throws {
    var gradients: [[Float]] = []
    let plain = try withoutGradients { try loss(weights(grouped: true), joined: true).item() }
    for (grouped, joined) in [(true, true), (true, false), (false, true), (false, false)] {
      let trained = try TrainableWeights(weights(grouped: grouped))
      let value = try loss(trained, joined: joined)
      expectClose(try value.item(), plain, relative: 2e-6)
      try value.backward()
      gradients.append(
        try (Self.projections + ["bias"]).flatMap {
          try trained.gradient.tensor($0).elements(as: Float.self)
        })
    }
    #expect(gradients[0].contains { abs($0) > 0.1 })
    for other in gradients.dropFirst() {
      expectClose(other, gradients[0], relative: 1e-5, absolute: 2e-6)
    }
  }

  @Test func aGradientMovesToOtherWeightsOverTheSameValues() throws {
    let trained = try TrainableWeights(weights(grouped: true))
    let second = try TrainableWeights(trained.values)
    try loss(trained, joined: true).backward()
    let once: [Float] = try trained.gradient.buffer.elements()
    try loss(second, joined: true).backward()
    #expect(try trained.gradient.buffer.elements() == once)
    try trained.moveGradient(from: second)
    #expect(try trained.gradient.buffer.elements() == once.map { 2 * $0 })
    #expect(try second.gradient.norm() == 0)
    let other = try TrainableWeights(weights(grouped: false).filtered { $0 != "bias" })
    expectProblem(.badData, containing: "bias") { try trained.moveGradient(from: other) }
  }

  @Test func backwardPassesAddUpInTheBuffer() throws {
    let trained = try TrainableWeights(weights(grouped: true))
    #expect(try trained.gradient.norm() == 0)
    let address = try trained.gradient.buffer.withBytes { UInt(bitPattern: $0.baseAddress) }
    try loss(trained, joined: true).backward()
    let once: [Float] = try trained.gradient.buffer.elements()
    try loss(trained, joined: true).backward()
    #expect(try trained.gradient.buffer.elements() == once.map { 2 * $0 })
    #expect(try trained.gradient.buffer.withBytes { UInt(bitPattern: $0.baseAddress) } == address)
    try trained.clearGradient()
    #expect(try trained.gradient.buffer.elements(as: Float.self).allSatisfy { $0 == 0 })
    try loss(trained, joined: true).backward()
    #expect(try trained.gradient.buffer.elements() == once)
  }

  @Test func theTrainedTensorsShareTheMemoryOfTheWeights() throws {
    let values = try weights(grouped: true)
    let trained = try TrainableWeights(values)
    try values.tensor("k.weight").fill(with: 0.25)
    #expect(try trained.tensor("k.weight").elements() == [Float](repeating: 0.25, count: 16))
    let joined: [Float] = try trained.joined(Self.projections).elements()
    #expect(joined[16..<32].allSatisfy { $0 == 0.25 })
    #expect(try trained.joined(["k.weight", "v.weight"]).shape == [8, 4])
    #expect(try trained.joined(["v.weight", "k.weight"]).elements(as: Float.self)[16] == 0.25)
  }

  @Test func aTensorThatIsNotTrainedIsAnError() throws {
    let trained = try TrainableWeights(weights(grouped: true))
    expectProblem(.internalError, containing: "nothing") { try trained.tensor("nothing") }
    #expect(throws: HoldfastError.self) { try trained.joined([]) }
    #expect(throws: HoldfastError.self) { try trained.joined(["q.weight", "nothing"]) }
    #expect(throws: HoldfastError.self) { try trained.joined(["q.weight", "bias"]) }
  }

  /// The parts of a group that do not stack stay leaves of their own.
  @Test func aGroupOfOddShapesIsTrainedTensorByTensor() throws {
    let layout = try WeightsLayout(groups: [[("a", [2, 3]), ("b", [4]), ("c", [])]])
    let trained = try TrainableWeights(Weights(zeros: layout))
    let sum =
      try trained.tensor("a").sum() + trained.tensor("b").sum() * 2.0
      + trained.tensor("c") * 3.0
    try sum.backward()
    #expect(
      try trained.gradient.buffer.elements() == [Float(1), 1, 1, 1, 1, 1, 2, 2, 2, 2, 3])
  }
}
