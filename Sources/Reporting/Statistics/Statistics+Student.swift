import Foundation

extension Statistics {
  /// The quantile of Student's t distribution: the t below which a share of the probability lies.
  ///
  /// The distribution function is inverted by bisection, which is slow and never wrong.
  /// - Parameters:
  ///   - probability: From 0 to 1, both excluded.
  ///   - degreesOfFreedom: At least 1.
  /// - Returns: Not a number for other arguments.
  public static func studentQuantile(_ probability: Double, degreesOfFreedom: Int) -> Double {
    guard probability > 0, probability < 1, degreesOfFreedom >= 1 else { return .nan }
    if probability == 0.5 { return 0 }
    if probability < 0.5 {
      return -studentQuantile(1 - probability, degreesOfFreedom: degreesOfFreedom)
    }
    let tail = 1 - probability
    var low = 0.0
    var high = 1.0
    while upperTail(high, degreesOfFreedom) > tail, high < 1e300 { high *= 2 }
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if middle == low || middle == high { break }
      if upperTail(middle, degreesOfFreedom) > tail { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// P(T > t) for t ≥ 0, which is half of I(ν / (ν + t²); ν/2, 1/2).
  private static func upperTail(_ t: Double, _ degreesOfFreedom: Int) -> Double {
    let nu = Double(degreesOfFreedom)
    return 0.5 * incompleteBeta(nu / (nu + t * t), nu / 2, 0.5)
  }

  /// The regularised incomplete beta function I(x; a, b).
  ///
  /// The continued fraction is DLMF 8.17.22, evaluated with Lentz's method.
  private static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    // The fraction converges fast only on this side of the mean.
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
    let logarithm = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
    return exp(logarithm) / (a * continuedFraction(x, a, b))
  }

  private static func continuedFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    var fraction = 1.0
    var numerator = 1.0
    var denominator = 0.0
    for step in 1...500 {
      let m = Double(step / 2)
      let term =
        step % 2 == 0
        ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      denominator = 1 + term * denominator
      denominator = 1 / (abs(denominator) < tiny ? tiny : denominator)
      numerator = 1 + term / numerator
      if abs(numerator) < tiny { numerator = tiny }
      let change = numerator * denominator
      fraction *= change
      if abs(change - 1) < 1e-15 { break }
    }
    return fraction
  }
}
