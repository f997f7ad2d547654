import Basics
import TestSupport
import Testing
import Torch

/// Operators over maps `[batch, channels, height, width]` against plain loops over doubles.
@Suite struct MapTests {
  /// `[batch, channels, height, width]` as nested positions of a flat list.
  private struct Map {
    var shape: [Int]
    var values: [Double]

    init(_ tensor: Tensor) throws {
      shape = tensor.shape
      values = try tensor.doubles
    }

    subscript(batch: Int, channel: Int, row: Int, column: Int) -> Double {
      guard (0..<shape[2]).contains(row), (0..<shape[3]).contains(column) else { return 0 }
      return values[((batch * shape[1] + channel) * shape[2] + row) * shape[3] + column]
    }

    /// A value for each place of a map of the given shape.
    static func each(_ shape: [Int], _ value: (Int, Int, Int, Int) -> Double) -> [Double] {
      var result: [Double] = []
      for batch in 0..<shape[0] {
        for channel in 0..<shape[1] {
          for row in 0..<shape[2] {
            for column in 0..<shape[3] { result.append(value(batch, channel, row, column)) }
          }
        }
      }
      return result
    }
  }

  @Test(arguments: [(size: 3, stride: 1, padding: 1), (3, 2, 1), (1, 1, 0), (2, 3, 0)])
  func convolution(size: Int, stride: Int, padding: Int) throws {
    let input = try Tensor.random(2, 3, 9, 7, key: 1)
    let weight = try Tensor.random(4, 3, size, size, key: 2)
    let output = try input.convolved(with: weight, stride: stride, padding: padding)
    let sides = [9, 7].map { ($0 + 2 * padding - size) / stride + 1 }
    #expect(output.shape == [2, 4, sides[0], sides[1]])
    let (map, kernel) = (try Map(input), try Map(weight))
    let expected = Map.each([2, 4, sides[0], sides[1]]) { batch, channel, row, column in
      var sum = 0.0
      for from in 0..<3 {
        for y in 0..<size {
          for x in 0..<size {
            sum +=
              kernel[channel, from, y, x]
              * map[batch, from, row * stride + y - padding, column * stride + x - padding]
          }
        }
      }
      return sum
    }
    expectClose(try output.doubles, expected, relative: 2e-6, absolute: 5e-6)
  }

  @Test(arguments: [1e-5, 0.5]) func batchNormalisationUsesTheStatisticsGiven(
    epsilon: Double
  ) throws {
    let input = try Tensor.random(2, 3, 4, 5, key: 3) * 3 + 1
    let weight = try Tensor.random(3, key: 4)
    let bias = try Tensor.random(3, key: 5)
    let mean = try Tensor.random(3, key: 6)
    let variance = try Tensor([Float(0.25), 1e-3, 9])
    let before = try (mean.doubles, variance.doubles)
    let output = try input.batchNormalized(
      weight, bias, mean: mean, variance: variance, epsilon: epsilon)
    let map = try Map(input)
    let (w, b, m, v) = try (weight.doubles, bias.doubles, mean.doubles, variance.doubles)
    let expected = Map.each(input.shape) { batch, channel, row, column in
      (map[batch, channel, row, column] - m[channel]) / (v[channel] + epsilon).squareRoot()
        * w[channel] + b[channel]
    }
    expectClose(try output.doubles, expected, relative: 5e-6, absolute: 1e-5)
    #expect(try (mean.doubles, variance.doubles) == before)
  }

  @Test func averagesOfSquaresLeaveOutARemainder() throws {
    let input = try Tensor.random(2, 3, 7, 4, key: 7)
    let output = try input.averagePooled(2)
    #expect(output.shape == [2, 3, 3, 2])
    let map = try Map(input)
    let expected = Map.each([2, 3, 3, 2]) { batch, channel, row, column in
      var sum = 0.0
      for y in 0..<2 {
        for x in 0..<2 { sum += map[batch, channel, 2 * row + y, 2 * column + x] }
      }
      return sum / 4
    }
    expectClose(try output.doubles, expected, relative: 2e-6, absolute: 1e-6)
  }

  @Test func reluCutsOffWhatIsNegative() throws {
    #expect(try Tensor([Float(-2), -0.0, 0, 3.5]).relu().doubles == [0, 0, 0, 3.5])
  }

  /// The cubic convolution kernel with a = −1/2 (Keys 1981), as Pillow and libtorch have it where
  /// they antialias.
  private static func kernel(_ x: Double) -> Double {
    let x = abs(x)
    if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
    if x < 2 { return ((-0.5 * x + 2.5) * x - 4) * x + 2 }
    return 0
  }

  /// One side resized: every output is a weighted mean of the inputs under the widened kernel.
  private static func resized(_ line: [Double], to count: Int) -> [Double] {
    let scale = Double(line.count) / Double(count)
    let support = max(scale, 1)
    return (0..<count).map { place in
      let centre = (Double(place) + 0.5) * scale
      let weights = line.indices.map { kernel((Double($0) + 0.5 - centre) / support) }
      return zip(weights, line).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
    }
  }

  @Test(arguments: [(3, 3), (7, 5), (12, 9), (2, 4), (5, 6)])
  func bicubicResizing(height: Int, width: Int) throws {
    let input = try Tensor.random(1, 2, 5, 6, key: 8)
    let output = try input.resizedBicubically(height: height, width: width)
    #expect(output.shape == [1, 2, height, width])
    let map = try Map(input)
    var expected: [Double] = []
    for channel in 0..<2 {
      let rows = (0..<5).map { row in
        Self.resized((0..<6).map { map[0, channel, row, $0] }, to: width)
      }
      let columns = (0..<width).map { column in
        Self.resized(rows.map { $0[column] }, to: height)
      }
      for row in 0..<height { expected += columns.map { $0[row] } }
    }
    expectClose(try output.doubles, expected, relative: 5e-6, absolute: 5e-6)
  }

  @Test func shapesThatDoNotFitAreErrors() throws {
    let map = try Tensor.random(1, 3, 4, 4, key: 9)
    expectProblem(.internalError) {
      try map.convolved(with: .random(2, 5, 3, 3, key: 1), stride: 1, padding: 1)
    }
    expectProblem(.internalError) { try map.averagePooled(5) }
    expectProblem(.internalError) { try map.resizedBicubically(height: 0, width: 3) }
  }
}
