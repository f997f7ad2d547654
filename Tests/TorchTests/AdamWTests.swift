import Basics
import TestSupport
import Testing
import Torch

@Suite struct AdamWTests {
  static let parts: [(name: String, count: Int, options: AdamW.Options)] = [
    ("plain.a", 37, .init(decay: 0.1)),
    ("plain.b", 8, .init(decay: 0.1)),
    ("bias", 19, .init(decay: 0)),
    ("near", 50, .init(decay: 0.05, l1: 0.02, l2: 0.3)),
    ("sparse", 21, .init(decay: 0, l1: 0.05)),
    ("ridge", 33, .init(decay: 0, l2: 0.2)),
    ("head", 24, .init(decay: 0.2, isHead: true)),
  ]

  private func options(_ name: String) -> AdamW.Options {
    Self.parts.first { $0.name == name }?.options ?? .init()
  }

  private func point(key: Int) throws -> Weights {
    try Weights(
      Self.parts.enumerated().map { index, part in
        (part.name, try Tensor(randomNumbers(part.count, key: key, index)))
      })
  }

  /// Sets the gradient of a step; small numbers, so that clipping comes and goes.
  private func setGradient(_ weights: TrainableWeights, step: Int) throws {
    for (index, part) in Self.parts.enumerated() {
      let scale: Float = step % 3 == 0 ? 0.01 : 0.3
      let numbers = randomNumbers(part.count, key: 99, step, index).map { $0 * scale }
      try weights.gradient.tensor(part.name).copy(from: Tensor(numbers))
    }
  }

  /// AdamW as Loshchilov and Hutter (2019) write it, with its penalties, over doubles.
  private struct PlainAdamW {
    var values: [[Double]]
    var reference: [[Double]]
    var first: [[Double]]
    var second: [[Double]]
    var stepCount = 0

    init(values: [[Double]], reference: [[Double]]) {
      self.values = values
      self.reference = reference
      first = values.map { $0.map { _ in 0 } }
      second = first
    }

    mutating func step(
      _ gathered: [[Double]], rate: Double, headRate: Double, clipNorm: Double?
    ) -> (gradientNorm: Double, penalty: Double) {
      var gradient = gathered
      var (square, penalty) = (0.0, 0.0)
      for (part, item) in AdamWTests.parts.enumerated() {
        for index in gradient[part].indices {
          let moved = values[part][index] - reference[part][index]
          let sign: Double = moved > 0 ? 1 : moved < 0 ? -1 : 0
          gradient[part][index] += item.options.l1 * sign + item.options.l2 * moved
          penalty += item.options.l1 * abs(moved) + item.options.l2 * moved * moved / 2
          square += gradient[part][index] * gradient[part][index]
        }
      }
      let norm = square.squareRoot()
      let scale = clipNorm.map { min(1, $0 / (norm + 1e-6)) } ?? 1
      stepCount += 1
      var corrections = (1.0, 1.0)
      for _ in 0..<stepCount { corrections = (corrections.0 * 0.9, corrections.1 * 0.999) }
      for (part, item) in AdamWTests.parts.enumerated() {
        let rate = item.options.isHead ? headRate : rate
        for index in gradient[part].indices {
          let g = gradient[part][index] * scale
          first[part][index] = 0.9 * first[part][index] + 0.1 * g
          second[part][index] = 0.999 * second[part][index] + 0.001 * g * g
          let mean = first[part][index] / (1 - corrections.0)
          let spread = (second[part][index] / (1 - corrections.1)).squareRoot()
          values[part][index] -=
            rate * (mean / (spread + 1e-8) + item.options.decay * values[part][index])
        }
      }
      return (norm, penalty)
    }
  }

  private func numbers(_ weights: Weights) throws -> [[Double]] {
    try Self.parts.map { try weights.tensor($0.name).doubles }
  }

  /// Fifty steps against doubles.
  ///
  /// Each step rounds a weight of size up to 4 three times to float32, 2⁻²³ each at most, and the
  /// moments carry a relative error of a few 2⁻²⁴, which moves a weight by that much of the rate:
  /// 50 · 3 · 2⁻²³ ≈ 2e-5 bounds the sum, and rounding errors that differ in sign stay far below.
  @Test(arguments: [true, false])
  func fiftyStepsAreThoseOfDoubles(usesFusedPass: Bool) throws {
    let weights = try TrainableWeights(point(key: 1))
    let reference = try point(key: 2)
    let optimizer = try AdamW(
      weights, reference: reference, usesFusedPass: usesFusedPass, options: options)
    var plain = try PlainAdamW(values: numbers(weights.values), reference: numbers(reference))
    var clipped = 0
    for step in 0..<50 {
      try setGradient(weights, step: step)
      let rate = 0.01 * Double(step + 1) / 50
      let expected = plain.step(
        try numbers(weights.gradient), rate: rate, headRate: 5 * rate, clipNorm: 4.5)
      let report = try optimizer.step(rate: rate, headRate: 5 * rate, clipNorm: 4.5)
      expectClose(report.gradientNorm, expected.gradientNorm, relative: 1e-5)
      expectClose(report.penalty, expected.penalty, relative: 1e-5)
      clipped += report.gradientNorm > 4.5 ? 1 : 0
    }
    #expect(optimizer.stepCount == 50)
    #expect((10..<50).contains(clipped))
    for (part, item) in Self.parts.enumerated() {
      let result = try weights.values.tensor(item.name).doubles
      expectClose(result, plain.values[part], relative: 0, absolute: 5e-6)
      // The errors of the moments are those of sums of tens of rounded terms.
      expectClose(
        try optimizer.firstMoment.tensor(item.name).doubles, plain.first[part], relative: 1e-5,
        absolute: 1e-6)
      expectClose(
        try optimizer.secondMoment.tensor(item.name).doubles, plain.second[part], relative: 1e-5)
    }
    #expect(try numbers(weights.values) != numbers(point(key: 1)))
  }

  /// The fused pass rounds exactly where PyTorch's sequence of operators would.
  @Test func aFusedStepIsThatOfPlainFloatsBitForBit() throws {
    let values = randomNumbers(100_003, key: 1)
    let gradient = randomNumbers(100_003, key: 2)
    let weights = try TrainableWeights(Weights([("a", Tensor(values))]))
    let optimizer = try AdamW(weights) { _ in .init(decay: 0.1) }
    var (value, first, second) = (
      values, values.map { _ in Float(0) }, values.map { _ in Float(0) }
    )
    for step in 1...3 {
      try weights.gradient.buffer.copy(from: Tensor(gradient) * Double(step))
      _ = try optimizer.step(rate: 1e-3, headRate: 0, clipNorm: nil)
      var corrections = (1.0, 1.0)
      for _ in 0..<step { corrections = (corrections.0 * 0.9, corrections.1 * 0.999) }
      let stepSize = Float(1e-3 / (1 - corrections.0))
      let root = Float((1 - corrections.1).squareRoot())
      for index in value.indices {
        let g = gradient[index] * Float(step)
        first[index] += (g - first[index]) * Float(1 - 0.9)
        second[index] =
          second[index] * (1 - Float(1 - 0.999)) + Float(1 - 0.999) * g * g
        let denominator = second[index].squareRoot() / root + Float(1e-8)
        value[index] =
          value[index] * Float(1 - 1e-3 * 0.1) - stepSize * (first[index] / denominator)
      }
    }
    #expect(try optimizer.firstMoment.buffer.elements() == first)
    #expect(try optimizer.secondMoment.buffer.elements() == second)
    #expect(try weights.values.buffer.elements() == value)
  }

  @Test func theResultDoesNotDependOnTheNumberOfThreads() throws {
    let before = Machine.threads
    defer { Machine.threads = before }
    func run(threads: Int) throws -> (values: [Float], norms: [Double]) {
      Machine.threads = threads
      func point(_ key: Int) throws -> Weights {
        try Weights([
          ("a", Tensor.random(200_003, key: key)), ("b", Tensor.random(90_001, key: key)),
          ("head", Tensor.random(7, key: key)),
        ])
      }
      let weights = try TrainableWeights(point(1))
      let optimizer = try AdamW(weights, reference: point(2)) { name in
        .init(l1: name == "a" ? 0.01 : 0, l2: 0.1, isHead: name == "head")
      }
      var norms: [Double] = []
      for step in 0..<4 {
        try weights.gradient.copy(from: point(10 + step))
        let report = try optimizer.step(rate: 0.01, headRate: 0.1, clipNorm: 1)
        norms += [report.gradientNorm, report.penalty]
      }
      return (try weights.values.buffer.elements(), norms)
    }
    let alone = try run(threads: 1)
    for threads in [2, 3, 5] {
      let together = try run(threads: threads)
      #expect(together.values == alone.values)
      #expect(together.norms == alone.norms)
    }
  }

  /// Ten steps of both paths from one gradient; see `fiftyStepsAreThoseOfDoubles` for the bound.
  @Test func operatorsGiveTheResultOfTheFusedPass() throws {
    let both = try [true, false].map { usesFusedPass in
      let weights = try TrainableWeights(point(key: 1))
      let optimizer = try AdamW(
        weights, reference: point(key: 2), usesFusedPass: usesFusedPass, options: options)
      for step in 0..<10 {
        try setGradient(weights, step: step)
        _ = try optimizer.step(rate: 0.01, headRate: 0.05, clipNorm: 3)
      }
      return try weights.values.buffer.elements(as: Float.self)
    }
    expectClose(both[1], both[0], relative: 0, absolute: 2e-6)
  }

  /// Four million equal numbers, of which a sum in single precision loses two thousandths.
  @Test(arguments: [true, false], [0.0, 1.0])
  func theNormOfALargeModelIsThatOfDoubles(usesFusedPass: Bool, strength: Double) throws {
    let count = 1 << 22
    let zeros = try Weights([("a", Tensor.zeros([count]))])
    let weights = try TrainableWeights(zeros.clone())
    let optimizer = try AdamW(weights, reference: zeros, usesFusedPass: usesFusedPass) { _ in
      .init(decay: 0, l2: strength)
    }
    try weights.gradient.buffer.fill(with: 0.1)
    let report = try optimizer.step(rate: 0.1, headRate: 0.1, clipNorm: 1)
    #expect(abs(report.gradientNorm / (2048 * Double(Float(0.1))) - 1) < 1e-7)
  }

  @Test(arguments: [true, false])
  func theAverageFollowsTheWeightsAndTheGradientIsSpent(usesFusedPass: Bool) throws {
    let weights = try TrainableWeights(point(key: 1))
    let optimizer = try AdamW(
      weights, reference: point(key: 2), averageDecay: 0.75, usesFusedPass: usesFusedPass,
      options: options)
    var expected = try weights.values.buffer.elements(as: Float.self)
    for step in 0..<5 {
      try setGradient(weights, step: step)
      _ = try optimizer.step(rate: 0.05, headRate: 0.05, clipNorm: 3)
      let now = try weights.values.buffer.elements(as: Float.self)
      expected = zip(expected, now).map { $0 * 0.75 + $1 * 0.25 }
      #expect(try weights.gradient.buffer.elements(as: Float.self).allSatisfy { $0 == 0 })
    }
    let average = try optimizer.average?.buffer.elements(as: Float.self) ?? []
    expectClose(average, expected, relative: 1e-6, absolute: 1e-7)
    #expect(try average != weights.values.buffer.elements(as: Float.self))
  }

  /// Penalties inside the one pass change nothing but what they should: bit for bit those of a
  /// gradient that had them added before.
  @Test func aPenaltyInsideIsAGradientAddedBefore() throws {
    let values = randomNumbers(50_001, key: 1)
    let origin = randomNumbers(50_001, key: 2)
    let results = try [true, false].map { isInside -> [Float] in
      let weights = try TrainableWeights(Weights([("a", Tensor(values))]))
      let reference = try Weights([("a", Tensor(origin))])
      let optimizer = try AdamW(weights, reference: reference) { _ in
        isInside ? .init(l1: 0.25, l2: 0.5) : .init()
      }
      var given = randomNumbers(50_001, key: 3)
      if !isInside {
        for index in given.indices {
          let moved = values[index] - origin[index]
          given[index] += 0.25 * (moved > 0 ? 1 : moved < 0 ? -1 : 0) + 0.5 * moved
        }
      }
      try weights.gradient.buffer.narrowed(from: 0, count: given.count).copy(from: Tensor(given))
      _ = try optimizer.step(rate: 0.01, headRate: 0, clipNorm: nil)
      return try weights.values.tensor("a").elements()
    }
    #expect(results[0] == results[1])
  }

  @Test(arguments: [true, false])
  func gapsBetweenTensorsStayZero(usesFusedPass: Bool) throws {
    let weights = try TrainableWeights(point(key: 1))
    let optimizer = try AdamW(
      weights, reference: point(key: 2), usesFusedPass: usesFusedPass, options: options)
    try setGradient(weights, step: 1)
    _ = try optimizer.step(rate: 0.01, headRate: 0.05, clipNorm: nil)
    var isGap = [Bool](repeating: true, count: weights.layout.count)
    for entry in weights.layout.entries {
      for index in entry.offset..<entry.end { isGap[index] = false }
    }
    let numbers: [Float] = try weights.values.buffer.elements()
    #expect(zip(numbers, isGap).allSatisfy { !$1 || $0 == 0 })
    #expect(isGap.contains(true))
  }

  @Test func aLossIsLowered() throws {
    let weights = try TrainableWeights(point(key: 1))
    let optimizer = try AdamW(weights) { _ in .init(decay: 0) }
    func loss() throws -> Tensor {
      let near = try weights.tensor("near")
      return try (near * near).sum()
    }
    let before = try loss().item()
    for _ in 0..<200 {
      try weights.clearGradient()
      try loss().backward()
      _ = try optimizer.step(rate: 0.05, headRate: 0, clipNorm: 1)
    }
    #expect(try loss().item() < before / 1000)
    #expect(try weights.values.tensor("bias").doubles == point(key: 1).tensor("bias").doubles)
  }

  @Test func aPenaltyNeedsAReference() throws {
    let weights = try TrainableWeights(point(key: 1))
    expectProblem(.internalError, containing: "near", "reference") {
      try AdamW(weights, options: options)
    }
  }
}
