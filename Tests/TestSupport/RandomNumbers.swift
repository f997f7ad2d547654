import Basics
import Torch

/// Standard normal numbers that depend on the key only.
public func randomNumbers(_ count: Int, key: Int...) -> [Float] {
  var random = CounterRandom(key.reduce(count) { $0 &* 1_000_003 &+ $1 })
  return (0..<count).map { _ in Float(random.normal()) }
}

extension Tensor {
  /// A float32 tensor of standard normal numbers that depend on the shape's size and key only.
  public static func random(_ shape: Int..., key: Int) throws -> Tensor {
    try Tensor(randomNumbers(shape.reduce(1, *), key: key), shape: shape)
  }
}
