import Basics
import Foundation

/// Points on the line between the reference and a fine-tuned model.
///
/// θ_α = (1 − α) · θ₀ + α · θ₁ over every tensor, the head included. Wortsman et al. 2022,
/// "Robust fine-tuning of zero-shot models", arXiv 2109.01903.
public enum WiSEFT: Method {
  public static let name = "wise-ft"
  public static let summary = "Interpolates between the start and a fine-tuned model."
  public static let defaults: [String: JSONValue] = [
    "alpha": .number(0.5), "of": .string(FullFineTuning.name),
  ]

  public static func recipe(_ settings: MethodSettings) throws(HoldfastError) -> Recipe {
    let source = try settings.trainedMethod("of")
    guard let alphas = AlphaGrid.values(settings.values["alpha"] ?? .null) else {
      throw settings.wrong("alpha", "a number, a list, or a grid such as 0:1:0.1")
    }
    return Recipe(.nothing, afterwards: .interpolate(of: source, alphas: alphas))
  }
}

/// The values of α in a setting.
public enum AlphaGrid {
  /// Reads a number, a list of numbers, `0:1:0.1` (first, bound, step), or numbers with commas.
  ///
  /// - Returns: The values, each from −10 to 10, or nil where the text is none of these.
  public static func values(_ value: JSONValue) -> [Double]? {
    let values: [Double]?
    switch value {
    case .integer, .number:
      values = value.double.map { [$0] }
    case .array(let items):
      let numbers = items.compactMap(\.double)
      values = numbers.count == items.count && !numbers.isEmpty ? numbers : nil
    case .string(let text):
      values = parse(text)
    default:
      values = nil
    }
    guard let values, values.allSatisfy({ abs($0) <= 10 }) else { return nil }
    return values
  }

  private static func parse(_ text: String) -> [Double]? {
    let range = text.split(separator: ":").map(number)
    if range.count == 3, let first = range[0], let last = range[1], let step = range[2] {
      guard step > 0, last >= first, (last - first) / step <= 10_000 else { return nil }
      // The tolerance lets 0:1:0.1 reach 1, the rounding down keeps 0:1:0.6 from passing it.
      let count = Int((last - first) / step + 1e-6) + 1
      // Rounded, so that 0:1:0.1 holds 0.3 and not 0.30000000000000004.
      return (0..<count).map { ((first + Double($0) * step) * 1e9).rounded() / 1e9 }
    }
    let numbers = text.split(separator: ",").map(number)
    let known = numbers.compactMap { $0 }
    return known.count == numbers.count && !known.isEmpty ? known : nil
  }

  private static func number(_ text: Substring) -> Double? {
    Double(text.trimmingCharacters(in: .whitespaces))
  }
}
