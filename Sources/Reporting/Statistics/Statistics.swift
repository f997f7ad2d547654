import Foundation

/// The few formulas that a table of seeds needs.
public enum Statistics {
  /// The arithmetic mean; not a number where there are no values.
  public static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
  }

  /// The sample standard deviation (divisor n − 1); not a number below two values.
  public static func standardDeviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return .nan }
    let center = mean(values)
    let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    return (squares / Double(values.count - 1)).squareRoot()
  }

  /// Half the width of the confidence interval of a mean, t · s / √n.
  ///
  /// - Parameter level: The confidence level. The default is 0.95.
  /// - Returns: Nil below two values.
  public static func halfWidth(_ values: [Double], level: Double = 0.95) -> Double? {
    guard values.count > 1 else { return nil }
    let quantile = studentQuantile((1 + level) / 2, degreesOfFreedom: values.count - 1)
    return quantile * standardDeviation(values) / Double(values.count).squareRoot()
  }

  /// Wilson's score interval of a proportion.
  ///
  /// The formula is that of Edwin B. Wilson, JASA 22 (1927).
  ///
  /// - Parameters:
  ///   - proportion: The share of successes, from 0 to 1.
  ///   - count: The number of trials.
  /// - Returns: The ends of the 95 % interval, or nil where the input is no proportion.
  public static func wilson(_ proportion: Double, count: Int) -> ClosedRange<Double>? {
    guard count > 0, proportion >= 0, proportion <= 1 else { return nil }
    let n = Double(count)
    let z = 1.959963984540054
    let scale = 1 / (1 + z * z / n)
    let center = scale * (proportion + z * z / (2 * n))
    let spread =
      scale * z * (proportion * (1 - proportion) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, center - spread)...min(1, center + spread)
  }
}
