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
}
