/// Wilson's score interval of a proportion: an accuracy over images, for example.
///
/// The formula is that of Edwin B. Wilson, JASA 22 (1927).
///
/// - Parameters:
///   - proportion: The share of successes, from 0 to 1.
///   - count: The number of trials.
/// - Returns: The ends of the 95 % interval, or nil where the input is no proportion.
public func wilsonInterval(_ proportion: Double, count: Int) -> ClosedRange<Double>? {
  guard count > 0, proportion >= 0, proportion <= 1 else { return nil }
  let n = Double(count)
  let z = 1.959963984540054
  let scale = 1 / (1 + z * z / n)
  let centre = scale * (proportion + z * z / (2 * n))
  let half = scale * z * (proportion * (1 - proportion) / n + z * z / (4 * n * n)).squareRoot()
  return max(0, centre - half)...min(1, centre + half)
}
