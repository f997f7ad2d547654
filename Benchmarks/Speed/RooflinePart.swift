import Basics
import Torch

extension Speed {
  /// What this machine can do: single-precision matrix products, and copies in memory.
  ///
  /// The check holds both rates, in operations and in bytes (read and written) a second.
  static func rooflinePart(_ inputs: Inputs, _ conversation: Conversation) throws {
    let side = try inputs.count("side")
    let left = try ramp(side * side).reshaped(side, side)
    let right = try left.transposed().contiguous()
    let source = try Tensor.zeros([inputs.count("elements")])
    let target = try source.clone()
    try conversation.serve {
      let begin = ContinuousClock.now
      let product = try fastest(of: 5) { _ = try left.matmul(right) }
      let copy = try fastest(of: 5) { try target.copy(from: source) }
      return Conversation.Answer(
        ContinuousClock.now - begin,
        check: .object([
          "product": .number(2 * Double(side * side * side) / product),
          "copy": .number(2 * 4 * Double(source.count) / copy),
        ]))
    }
  }

  /// Seconds of the fastest of some calls, after one that is not counted.
  private static func fastest(of calls: Int, _ body: () throws -> Void) throws -> Double {
    try body()
    var best = Double.infinity
    for _ in 0..<calls {
      let start = ContinuousClock.now
      try body()
      best = min(best, (ContinuousClock.now - start) / .seconds(1))
    }
    return best
  }

  /// Numbers of both signs and of order one.
  private static func ramp(_ count: Int) throws -> Tensor {
    try Tensor((0..<count).map { Float($0 % 251) / 125 - 1 })
  }
}
