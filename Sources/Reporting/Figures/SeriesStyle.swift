/// The colour and the marker of a row, the same in every figure and every report.
struct SeriesStyle: Hashable, Sendable {
  enum Marker: CaseIterable {
    case circle, square, triangle, inverted, diamond, pentagon, cross, plus
  }

  /// The number of the colour, the class `h-cN` of a figure's style sheet.
  var color: Int
  var marker: Marker
  /// Drawn as an outline, for a setting that was chosen.
  var isHollow: Bool

  /// Okabe and Ito's colours ("Color universal design", 2008), which people with any colour
  /// vision tell apart, on light and on dark ground; grey for the reference, ink for WiSE-FT.
  static let colors: [(light: String, dark: String)] = [
    ("#6b6b6b", "#a8a8a8"), ("#d98a00", "#f0ad2e"), ("#d0430b", "#ff7a45"),
    ("#3f9fdc", "#6cc0f5"), ("#0067a3", "#4aa3e0"), ("#008a63", "#2fc495"),
    ("#b85c92", "#e39ac4"), ("#111111", "#ffffff"),
  ]

  private static let markers: [Marker] = [
    .circle, .square, .circle, .triangle, .inverted, .square, .pentagon, .diamond,
  ]

  /// Styles for the rows of a table; methods keep theirs whatever else is shown.
  static func styles(for variants: [Variant]) -> [Variant: SeriesStyle] {
    let others = Set(variants.map(\.method)).filter { MethodName.rank($0) == nil }.sorted()
    let shapes = Marker.allCases
    let pairs = variants.enumerated().map { index, variant -> (Variant, SeriesStyle) in
      let siblings = variants[..<index].filter { $0.method == variant.method && !$0.isSelected }
      let rank = MethodName.rank(variant.method)
      let place = rank ?? (others.firstIndex(of: variant.method) ?? 0)
      let marker = rank.map { markers[$0] } ?? [.cross, .plus, .pentagon, .diamond][place % 4]
      // Further settings or runs of a method keep its colour and take another shape.
      let start = shapes.firstIndex(of: marker) ?? 0
      let shape = variant.isSelected ? marker : shapes[(start + siblings.count) % shapes.count]
      let color = rank ?? (1 + place * 3) % colors.count
      return (variant, SeriesStyle(color: color, marker: shape, isHollow: variant.isSelected))
    }
    return Dictionary(pairs) { first, _ in first }
  }
}
