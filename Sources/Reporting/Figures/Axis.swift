import Foundation

/// A linear axis: what it covers and where its ticks stand.
public struct Axis: Hashable, Sendable {
  public let lower: Double
  public let upper: Double
  /// The ticks inside the range, at multiples of 1, 2 or 5 times a power of ten.
  public let ticks: [Double]
  /// The decimals that tell neighbouring ticks apart.
  public let decimals: Int

  /// An axis around values, with some room on both sides.
  ///
  /// Values that are not finite are left out; with none left the axis runs from 0 to 1.
  /// - Parameters:
  ///   - padding: The room on either side as a share of the range. The default is 0.06.
  ///   - limits: Where ticks end, for example at 100 per cent; the room may go beyond.
  public init(
    covering values: [Double], padding: Double = 0.06, limits: ClosedRange<Double>? = nil
  ) {
    let finite = values.filter { $0.isFinite && abs($0) < 1e100 }
    var low = finite.min() ?? 0
    var high = finite.max() ?? 1
    if high - low < max(abs(high), 1) * 1e-6 {
      let room = max(abs(high) * 0.02, 1e-3)
      low -= room
      high += room
    }
    let room = (high - low) * padding
    lower = low - room
    upper = high + room
    let step = Self.step(for: upper - lower)
    decimals = max(0, Int((-log10(step) - 1e-9).rounded(.up)))
    let first = Int((lower / step).rounded(.up))
    let last = Int((upper / step).rounded(.down))
    ticks = (first...max(first, last)).map { Double($0) * step }.filter {
      $0 >= limits?.lowerBound ?? -.infinity && $0 <= limits?.upperBound ?? .infinity
    }
  }

  /// Where a value lies: 0 at the lower end, 1 at the upper.
  public func position(_ value: Double) -> Double {
    (value - lower) / (upper - lower)
  }

  /// The text at a tick.
  public func label(_ tick: Double) -> String {
    NumberText.fixed(tick, decimals: decimals)
  }

  /// The step that gives three to nine ticks.
  private static func step(for range: Double) -> Double {
    let rough = range / 8
    let power = pow(10, log10(rough).rounded(.down))
    for factor in [1.0, 2, 5] where factor * power >= rough * 0.999 { return factor * power }
    return 10 * power
  }
}
