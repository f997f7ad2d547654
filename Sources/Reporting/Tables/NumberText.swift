import Basics
import Foundation

/// Numbers as tables and figures show them, the same on every machine and in every language.
enum NumberText {
  /// A number with a fixed count of decimals; a typographic minus if asked, never "-0.0".
  static func fixed(_ value: Double, decimals: Int, sign: Bool = false) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : (value < 0 ? "−inf" : "inf") }
    let digits = String(format: "%.\(decimals)f", abs(value))
    let isZero = !digits.contains { $0 != "0" && $0 != "." }
    if value < 0, !isZero { return "−" + digits }
    return sign && !isZero ? "+" + digits : digits
  }

  /// A fraction as per cent with one decimal, or another number with three.
  static func score(_ value: Double, isFraction: Bool, sign: Bool = false) -> String {
    isFraction
      ? fixed(100 * value, decimals: 1, sign: sign) : fixed(value, decimals: 3, sign: sign)
  }

  /// "94.4 ± 0.4", or the mean alone where there is no interval; "–" where there is nothing.
  static func estimate(_ estimate: Estimate?, isFraction: Bool, sign: Bool = false) -> String {
    guard let estimate else { return "–" }
    let mean = score(estimate.mean, isFraction: isFraction, sign: sign)
    guard estimate.mean.isFinite, let halfWidth = estimate.halfWidth, halfWidth.isFinite else {
      return mean
    }
    return "\(mean) ± \(score(halfWidth, isFraction: isFraction))"
  }

  /// A coordinate with at most two decimals, as short as it goes.
  static func coordinate(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    var text = String(format: "%.2f", value)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text == "-0" ? "0" : text
  }

  /// A setting's value as its configuration would spell it.
  static func setting(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): return text
    case .number(let number):
      if let whole = Int(exactly: number) { return String(whole) }
      return String(number)
    default: return value.text()
    }
  }
}
