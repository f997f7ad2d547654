extension Canvas {
  /// The style sheet inside every figure: classes only, so that dark mode is a media query.
  ///
  /// Colours are spelt out, not variables, because many SVG viewers know none.
  static var styleSheet: String {
    rules(dark: false) + "@media (prefers-color-scheme: dark) {\n" + colors(dark: true) + "}\n"
  }

  private static func rules(dark: Bool) -> String {
    """
    .holdfast-figure text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", \
    sans-serif; stroke: none; }
    .holdfast-figure .h-strong { font-weight: 600; }
    .holdfast-figure .h-small { font-size: 11px; }
    .holdfast-figure .h-axis, .holdfast-figure .h-grid { stroke-width: 1; }
    .holdfast-figure .h-guide { stroke-width: 1; stroke-dasharray: 3 3; }
    .holdfast-figure .h-mark { stroke-width: 1; }
    .holdfast-figure .h-hollow { stroke-width: 2; }
    .holdfast-figure .h-bar { stroke-width: 1.3; opacity: .6; }
    .holdfast-figure .h-curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
    .holdfast-figure .h-thin { fill: none; stroke-width: 1; stroke-linejoin: round; opacity: .8; }

    """ + colors(dark: dark)
  }

  private static func colors(dark: Bool) -> String {
    let ground = dark ? "#16181c" : "#ffffff"
    let ink = dark ? "#e6e6e6" : "#1c1e21"
    let quiet = dark ? "#a3a7ae" : "#5c6168"
    let plain = [
      ".holdfast-figure text { fill: \(ink); }",
      ".holdfast-figure .h-quiet { fill: \(quiet); }",
      ".holdfast-figure .h-ground { fill: \(ground); }",
      ".holdfast-figure .h-band { fill: \(dark ? "#1e2126" : "#f5f6f8"); }",
      ".holdfast-figure .h-good { fill: \(dark ? "#17302a" : "#e9f5f0"); }",
      ".holdfast-figure .h-axis { stroke: \(dark ? "#7a7f87" : "#8b9097"); }",
      ".holdfast-figure .h-grid { stroke: \(dark ? "#2b2f35" : "#e6e8eb"); }",
      ".holdfast-figure .h-guide { stroke: \(dark ? "#7a7f87" : "#8b9097"); }",
    ]
    let series = SeriesStyle.colors.enumerated().flatMap { index, color in
      let value = dark ? color.dark : color.light
      return [
        ".holdfast-figure .h-c\(index) { fill: \(value); stroke: \(value); }",
        ".holdfast-figure .h-c\(index).h-mark { stroke: \(ground); }",
      ]
    }
    let last = [
      ".holdfast-figure .h-hollow { fill: \(ground); }",
      ".holdfast-figure .h-curve, .holdfast-figure .h-thin { fill: none; }",
    ]
    return (plain + series + last).map { $0 + "\n" }.joined()
  }
}
