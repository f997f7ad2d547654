import Foundation
import Torch

/// The formulas of a network as plain loops over doubles: what libtorch is checked against.
enum PlainNetworks {
  /// Rows `[n, in]` times a matrix `[out, in]`.
  static func linear(_ x: [Double], _ weight: [Double], _ bias: [Double], width: Int) -> [Double] {
    let outputs = bias.count
    return (0..<x.count / width * outputs).map { place in
      let (row, output) = place.quotientAndRemainder(dividingBy: outputs)
      return (0..<width).reduce(bias[output]) {
        $0 + x[row * width + $1] * weight[output * width + $1]
      }
    }
  }

  static func layerNorm(
    _ x: [Double], _ weight: [Double], _ bias: [Double], epsilon: Double
  ) -> [Double] {
    rows(x, weight.count) { row in
      let mean = row.reduce(0, +) / Double(row.count)
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
      return row.indices.map {
        (row[$0] - mean) / (variance + epsilon).squareRoot() * weight[$0] + bias[$0]
      }
    }
  }

  static func gelu(_ x: Double) -> Double { x * 0.5 * (1 + erf(x / 2.0.squareRoot())) }

  static func quickGELU(_ x: Double) -> Double { x / (1 + exp(-1.702 * x)) }

  static func softmax(_ x: [Double], width: Int) -> [Double] {
    rows(x, width) { row in
      let largest = row.max() ?? 0
      let powers = row.map { exp($0 - largest) }
      let sum = powers.reduce(0, +)
      return powers.map { $0 / sum }
    }
  }

  /// The mean cross-entropy against target probabilities `[n, width]`.
  ///
  /// Smoothing mixes them with the uniform distribution (Szegedy et al. 2016).
  static func crossEntropy(
    _ logits: [Double], _ targets: [Double], width: Int, smoothing: Double
  ) -> Double {
    let probabilities = softmax(logits, width: width)
    let sum = zip(probabilities, targets).reduce(0) { sum, pair in
      sum - (pair.1 * (1 - smoothing) + smoothing / Double(width)) * log(pair.0)
    }
    return sum / Double(logits.count / width)
  }

  /// Attention of one head: queries `[length, width]`, keys and values `[other, width]`.
  static func attention(
    _ queries: [Double], _ keys: [Double], _ values: [Double], width: Int, causal: Bool
  ) -> [Double] {
    let others = keys.count / width
    return (0..<queries.count / width).flatMap { query -> [Double] in
      let seen = causal ? min(query + 1, others) : others
      let scores = (0..<seen).map { key in
        (0..<width).reduce(0) { $0 + queries[query * width + $1] * keys[key * width + $1] }
          / Double(width).squareRoot()
      }
      let shares = softmax(scores, width: seen)
      return (0..<width).map { column in
        (0..<seen).reduce(0) { $0 + shares[$1] * values[$1 * width + column] }
      }
    }
  }

  private static func rows(
    _ x: [Double], _ width: Int, _ body: ([Double]) -> [Double]
  ) -> [Double] {
    stride(from: 0, to: x.count, by: width).flatMap { body(Array(x[$0..<$0 + width])) }
  }
}

extension Tensor {
  /// The elements as doubles.
  var doubles: [Double] { get throws { try elements(as: Double.self) } }
}
