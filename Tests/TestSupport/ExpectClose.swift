import Testing

/// Expects numbers to lie within `absolute + relative · |expected|` of the expected ones.
///
/// One issue reports the worst element; a number that is not finite matches only its equal.
public func expectClose<Actual: BinaryFloatingPoint, Expected: BinaryFloatingPoint>(
  _ actual: [Actual], _ expected: [Expected], relative: Double, absolute: Double = 0,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count else {
    Issue.record(
      "\(actual.count) numbers where \(expected.count) are expected",
      sourceLocation: sourceLocation)
    return
  }
  var worst: (excess: Double, index: Int)?
  for index in actual.indices {
    let (value, target) = (Double(actual[index]), Double(expected[index]))
    if value == target { continue }
    let excess = abs(value - target) - (absolute + relative * abs(target))
    // The negated comparison also catches NaN.
    if !(excess <= worst.map(\.excess) ?? 0) || !target.isFinite {
      worst = (excess, index)
      if !excess.isFinite { break }
    }
  }
  guard let worst else { return }
  Issue.record(
    "element \(worst.index) is \(actual[worst.index]), expected \(expected[worst.index])",
    sourceLocation: sourceLocation)
}

/// Expects one number to lie within `absolute + relative · |expected|` of another.
public func expectClose(
  _ actual: Double, _ expected: Double, relative: Double, absolute: Double = 0,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose(
    [actual], [expected], relative: relative, absolute: absolute, sourceLocation: sourceLocation)
}
