import Foundation

/// A mean with half the width of its 95 % confidence interval, and what the interval is over.
public struct Estimate: Hashable, Sendable {
  /// What varies inside the interval.
  public enum Basis: Hashable, Sendable {
    /// Runs with different seeds, the number of them; the interval is Student's.
    case seeds(Int)
    /// The images of the sets, for a single run.
    case images
  }

  public var mean: Double
  /// Nil where no interval can be given.
  public var halfWidth: Double?
  public var basis: Basis

  public init(mean: Double, halfWidth: Double?, basis: Basis) {
    self.mean = mean
    self.halfWidth = halfWidth
    self.basis = basis
  }

  /// Whether the interval is known and leaves out zero.
  public var isClear: Bool {
    guard let halfWidth, halfWidth.isFinite, mean.isFinite else { return false }
    return abs(mean) > halfWidth
  }

  /// An estimate from one number a seed.
  init(seeds values: [Double]) {
    self.init(
      mean: Statistics.mean(values), halfWidth: Statistics.halfWidth(values),
      basis: .seeds(values.count))
  }
}
