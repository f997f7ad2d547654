import Basics
import TestSupport
import Testing
import Torch

@Suite struct WeightsTests {
  private func weights() throws -> Weights {
    let layout = try WeightsLayout(groups: [
      [("a", [3])], [("q", [2, 2]), ("k", [1, 2]), ("b", [2])], [("scale", [])],
    ])
    let numbers: [String: [Float]] = [
      "a": [1, 2, 3], "q": [4, 5, 6, 7], "k": [8, 9], "b": [10, 11], "scale": [12],
    ]
    return try Weights(layout: layout) { (name) throws(HoldfastError) in
      try Tensor(numbers[name] ?? [], shape: layout[name]?.shape ?? [])
    }
  }

  private func numbers(_ tensor: Tensor) throws -> [Float] { try tensor.elements() }

  @Test func theBufferHoldsTheTensorsAndZerosBetween() throws {
    let weights = try weights()
    let gap = [Float](repeating: 0, count: 13)
    #expect(
      try numbers(weights.buffer)
        == [1, 2, 3] + gap + [4, 5, 6, 7, 8, 9, 10, 11] + gap.dropLast(5) + [12])
    #expect(weights.names == ["a", "q", "k", "b", "scale"])
    #expect(weights.contains("k"))
    #expect(!weights.contains("x"))
    #expect(weights.device == .cpu)
    #expect(try weights.tensor("scale").shape.isEmpty)
    #expect(try weights.tensor("scale").item() == 12)
  }

  @Test func neighboursAreJoinedAsAView() throws {
    let weights = try weights()
    let joined = try weights.joined(["q", "k"])
    #expect(joined.shape == [3, 2])
    #expect(try numbers(joined) == [4, 5, 6, 7, 8, 9])
    try joined.fill(with: -1)
    #expect(try numbers(weights.tensor("k")) == [-1, -1])
  }

  @Test func othersAreJoinedAsACopy() throws {
    let weights = try weights()
    let joined = try weights.joined(["k", "q"])
    #expect(try numbers(joined) == [8, 9, 4, 5, 6, 7])
    try joined.fill(with: -1)
    #expect(try numbers(weights.tensor("k")) == [8, 9])
    #expect(try numbers(weights.joined(["a", "b"])) == [1, 2, 3, 10, 11])
    #expect(try numbers(weights.joined(["a"])) == [1, 2, 3])
  }

  /// `b` follows `k` in memory and has as many elements as one of its rows.
  @Test func neighboursOfOtherRanksAreNotJoined() throws {
    let weights = try weights()
    #expect(throws: HoldfastError.self) { try weights.joined(["k", "b"]) }
    expectProblem(.badData, containing: "x") { try weights.joined(["a", "x"]) }
    #expect(throws: HoldfastError.self) { try weights.joined([]) }
  }

  @Test func aMissingTensorIsNamed() throws {
    expectProblem(.badData, containing: "visual.proj") { try weights().tensor("visual.proj") }
  }

  @Test func tensorsAreConvertedToFloat32() throws {
    let weights = try Weights([
      ("half", Tensor([Float(0.5), 2]).to(.float16)), ("double", Tensor([0.1])),
      ("brain", Tensor([Float(3)]).to(.bfloat16)), ("integer", Tensor([Int64(-7)])),
    ])
    #expect(weights.layout.entries.map(\.offset) == [0, 16, 32, 48])
    #expect(weights.buffer.dtype == .float32)
    #expect(try numbers(weights.joined(weights.names)) == [0.5, 2, 0.1, 3, -7])
  }

  @Test func namesThatOccurTwiceAreAnError() throws {
    let tensor = try Tensor.zeros([1])
    expectProblem(.badData, containing: "twin") {
      try Weights([("twin", tensor), ("twin", tensor)])
    }
  }

  @Test func aTensorOrBufferThatDoesNotFitIsAnError() throws {
    let layout = try weights().layout
    expectProblem(.internalError, containing: "a is [2], expected [3]") {
      try Weights(layout: layout) { (_) throws(HoldfastError) in try Tensor.zeros([2]) }
    }
    expectProblem(.internalError) { try Weights(layout: layout, buffer: Tensor.zeros([7])) }
    expectProblem(.internalError) {
      try Weights(layout: layout, buffer: Tensor.zeros([layout.count], dtype: .float64))
    }
  }

  @Test func copiesShareMemoryAndClonesDoNot() throws {
    let weights = try weights()
    let alias = weights
    let clone = try weights.clone()
    let part = try weights.filtered { $0 == "a" || $0 == "k" }
    try weights.tensor("a").fill(with: 0)
    #expect(try numbers(alias.tensor("a")) == [0, 0, 0])
    #expect(try numbers(clone.tensor("a")) == [1, 2, 3])
    #expect(part.names == ["a", "k"])
    #expect(try numbers(part.tensor("a")) == [1, 2, 3])
    #expect(try numbers(part.tensor("k")) == [8, 9])
    try weights.copy(from: clone)
    #expect(try numbers(alias.tensor("a")) == [1, 2, 3])
    #expect(try weights.to(.cpu).layout == weights.layout)
  }

  @Test func replacingTakesTheTensorsOfTheOther() throws {
    let weights = try weights()
    let other = try Weights([("k", Tensor([Float(-1), -2], shape: [1, 2]))])
    let result = try weights.replacing(with: other)
    #expect(result.layout == weights.layout)
    #expect(try numbers(result.joined(["q", "k"])) == [4, 5, 6, 7, -1, -2])
    #expect(try numbers(weights.tensor("k")) == [8, 9])
    try other.tensor("k").fill(with: 0)
    #expect(try numbers(result.tensor("k")) == [-1, -2])
  }

  @Test func replacingRefusesOtherNamesAndShapes() throws {
    let weights = try weights()
    expectProblem(.badData, containing: "head") {
      try weights.replacing(with: Weights([("head", Tensor.zeros([1]))]))
    }
    // A row that would be broadcast over the matrix.
    expectProblem(.badData, containing: "q is [1, 2]", "[2, 2]") {
      try weights.replacing(with: Weights([("q", Tensor.zeros([1, 2]))]))
    }
  }
}
