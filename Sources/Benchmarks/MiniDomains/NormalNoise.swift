import Basics
import Foundation

/// Standard normal numbers by the table: fast enough for one and more a pixel.
///
/// A 16-bit uniform number indexes the inverse of the normal distribution function at the middle of
/// its 65 536th part, so four numbers come from one draw of 64 bits.
final class NormalNoise: Sendable {
  static let table = NormalNoise()

  private let values: [Float]

  private init() {
    let half = 1 << 15
    var positive = [Float](repeating: 0, count: half)
    // The distribution function of the normal is 1 - erfc(x / sqrt 2) / 2; Newton's method inverts
    // it, each value starting at its neighbour's.
    var x = 0.0
    for index in 0..<half {
      let tail = 0.5 - (Double(index) + 0.5) / Double(2 * half)
      for _ in 0..<6 {
        let error = 0.5 * erfc(x / 2.0.squareRoot()) - tail
        x += error / (exp(-0.5 * x * x) / (2 * Double.pi).squareRoot())
      }
      positive[index] = Float(x)
    }
    values = positive.reversed().map { -$0 } + positive
  }

  /// Writes `count` numbers of mean 0 and standard deviation 1.
  func fill(_ plane: Plane, count: Int, random: inout CounterRandom) {
    values.withUnsafeBufferPointer { values in
      var index = 0
      while index < count {
        var bits = random.next()
        let end = index &+ 4 < count ? index &+ 4 : count
        while index < end {
          plane[index] = values[Int(truncatingIfNeeded: bits & 0xFFFF)]
          bits >>= 16
          index &+= 1
        }
      }
    }
  }
}
