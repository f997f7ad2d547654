import Foundation

/// A random sequence that is a function of what it is for, never of what was drawn before.
///
/// `CounterRandom(seed, epoch, index)` gives the same numbers in whatever thread or order it is
/// asked, so data order and augmentation do not depend on timing. The key is absorbed with the
/// finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
/// 2014), which also produces the sequence.
public struct CounterRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// A sequence for one combination of integers, for example seed, purpose, epoch and index.
  public init(_ key: Int...) {
    self.init(key: key)
  }

  /// A sequence for a combination of integers that is kept in an array.
  public init(key: [Int]) {
    var state: UInt64 = 0x243F_6A88_85A3_08D3
    for part in key {
      state = Self.mixed(state &+ 0x9E37_79B9_7F4A_7C15 ^ UInt64(bitPattern: Int64(part)))
    }
    self.state = state
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mixed(state)
  }

  /// A number from [0, 1) with 53 random bits.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A number from [low, high).
  public mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * uniform()
  }

  /// True with the given probability.
  public mutating func chance(_ probability: Double) -> Bool {
    uniform() < probability
  }

  /// An integer from 0..<bound; 0 when the bound is not positive.
  public mutating func below(_ bound: Int) -> Int {
    guard bound > 0 else { return 0 }
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A standard normal number (Box and Muller; each call uses two uniforms).
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }

  /// The numbers 0..<count in random order (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<max(count, 0))
    var last = order.count - 1
    while last > 0 {
      order.swapAt(last, below(last + 1))
      last -= 1
    }
    return order
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
