import Basics
import TestSupport
import Testing
import Torch

/// Networks' operators against plain loops over doubles, on random inputs.
///
/// Tolerances: float32 keeps 6e-8 of a number; sums over tens of terms keep a few times that of
/// their largest terms, which are of size 1 to 5 here.
@Suite struct NetworkTests {
  @Test(arguments: [(1, 3, 2), (4, 7, 5), (9, 64, 33)])
  func linear(rows: Int, width: Int, outputs: Int) throws {
    let x = try Tensor.random(rows, width, key: 1)
    let weight = try Tensor.random(outputs, width, key: 2)
    let bias = try Tensor.random(outputs, key: 3)
    let expected = try PlainNetworks.linear(x.doubles, weight.doubles, bias.doubles, width: width)
    let result = try x.linear(weight, bias)
    #expect(result.shape == [rows, outputs])
    expectClose(try result.doubles, expected, relative: 2e-6, absolute: 5e-6)
    let plain = try PlainNetworks.linear(
      x.doubles, weight.doubles, [Double](repeating: 0, count: outputs), width: width)
    expectClose(try x.linear(weight).doubles, plain, relative: 2e-6, absolute: 5e-6)
  }

  @Test(arguments: [1e-5, 0.3])
  func layerNorm(epsilon: Double) throws {
    let x = try Tensor.random(5, 48, key: 4) * 3 + 2
    let weight = try Tensor.random(48, key: 5)
    let bias = try Tensor.random(48, key: 6)
    expectClose(
      try x.layerNorm(weight, bias, epsilon: epsilon).doubles,
      try PlainNetworks.layerNorm(x.doubles, weight.doubles, bias.doubles, epsilon: epsilon),
      relative: 2e-6, absolute: 2e-6)
  }

  @Test func geluIsTheExactOne() throws {
    let x = try Tensor.random(1000, key: 7) * 3
    expectClose(
      try x.gelu().doubles, try x.doubles.map(PlainNetworks.gelu), relative: 2e-6, absolute: 1e-6)
  }

  @Test func quickGELU() throws {
    let x = try Tensor.random(1000, key: 8) * 3
    expectClose(
      try x.quickGELU().doubles, try x.doubles.map(PlainNetworks.quickGELU), relative: 2e-6,
      absolute: 1e-7)
  }

  @Test func softmaxAndItsLogarithm() throws {
    let x = try Tensor.random(6, 31, key: 9) * 10
    let expected = try PlainNetworks.softmax(x.doubles, width: 31)
    expectClose(try x.softmax().doubles, expected, relative: 5e-6)
    expectClose(try x.logSoftmax().exp().doubles, expected, relative: 2e-5)
    let turned = try x.transposed().softmax(dimension: 0).transposed()
    expectClose(try turned.doubles, expected, relative: 5e-6)
  }

  @Test func softmaxOfLargeLogitsStaysFinite() throws {
    let result = try Tensor([Float(1e4), 1e4, -1e4]).softmax().doubles
    expectClose(result, [0.5, 0.5, 0], relative: 1e-7)
  }

  @Test(arguments: [0, 0.1, 0.5])
  func crossEntropy(smoothing: Double) throws {
    let logits = try Tensor.random(7, 10, key: 10) * 4
    let labels: [Int64] = [0, 9, 3, 3, 5, 1, 7]
    var targets = [Double](repeating: 0, count: 70)
    for (row, label) in labels.enumerated() { targets[row * 10 + Int(label)] = 1 }
    let byLabel = try logits.crossEntropy(Tensor(labels), labelSmoothing: smoothing)
    #expect(byLabel.shape.isEmpty)
    expectClose(
      try byLabel.item(),
      try PlainNetworks.crossEntropy(logits.doubles, targets, width: 10, smoothing: smoothing),
      relative: 1e-6)
    let soft = try Tensor.random(7, 10, key: 11).softmax()
    expectClose(
      try logits.crossEntropy(soft, labelSmoothing: smoothing).item(),
      try PlainNetworks.crossEntropy(logits.doubles, soft.doubles, width: 10, smoothing: smoothing),
      relative: 1e-6)
  }

  @Test(arguments: [true, false], [(5, 8), (77, 64)])
  func attention(causal: Bool, size: (length: Int, width: Int)) throws {
    let (length, width) = size
    let parts = try (0..<3).map { try Tensor.random(2, 3, length, width, key: 12 + $0) }
    let result = try parts[0].attention(keys: parts[1], values: parts[2], causal: causal)
    #expect(result.shape == [2, 3, length, width])
    let numbers = try parts.map { try $0.doubles }
    let expected = (0..<6).flatMap { head -> [Double] in
      let range = head * length * width..<(head + 1) * length * width
      return PlainNetworks.attention(
        Array(numbers[0][range]), Array(numbers[1][range]), Array(numbers[2][range]), width: width,
        causal: causal)
    }
    expectClose(try result.doubles, expected, relative: 5e-6, absolute: 2e-6)
  }

  @Test func attentionToFewerKeys() throws {
    let queries = try Tensor.random(1, 1, 4, 8, key: 20)
    let keys = try Tensor.random(1, 1, 6, 8, key: 21)
    let values = try Tensor.random(1, 1, 6, 8, key: 22)
    expectClose(
      try queries.attention(keys: keys, values: values, causal: false).doubles,
      try PlainNetworks.attention(
        queries.doubles, keys.doubles, values.doubles, width: 8, causal: false),
      relative: 5e-6, absolute: 2e-6)
  }
}
