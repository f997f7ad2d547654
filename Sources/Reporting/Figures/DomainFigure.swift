import Basics

/// The score on each set: a band for each set, in it a dot with its interval for each method.
public struct DomainFigure: Sendable {
  private let summary: Summary
  private let variants: [Variant]
  private let sets: [ScoredSet]

  private static let dotStep = 9.0
  private static let bandPadding = 14.0

  /// Prepares the figure.
  ///
  /// - Returns: Nil where there is no number to show.
  public init?(_ summary: Summary) {
    self.summary = summary
    sets = summary.sets.filter { !summary.plainNumbers.contains($0) }
    let sets = self.sets
    variants = summary.mainVariants.filter { variant in
      sets.contains { summary.estimate(variant, over: [$0])?.mean.isFinite == true }
    }
    if variants.isEmpty { return nil }
  }

  /// The figure as an SVG document, 720 units wide.
  public var svg: String {
    let styles = SeriesStyle.styles(for: variants)
    let legend = Legend(
      entries: variants.compactMap { variant in
        styles[variant].map { Legend.Entry(label: summary.label(variant), style: $0) }
      })
    let band = max(30, Double(variants.count) * Self.dotStep + Self.bandPadding)
    let plotHeight = Double(sets.count) * band
    let height = plotHeight + 80 + legend.height
    var canvas = Canvas(width: 720, height: height)
    canvas.rectangle(0, 0, 720, height, "h-ground")
    let labelWidth = sets.map { LabelPlacer.width(setLabel($0), size: 12) }.max() ?? 0
    let left = min(max(60, labelWidth + 16), 190)
    let frame = PlotFrame(
      left: left, top: 16, width: 700 - left, height: plotHeight,
      x: Axis(covering: ends, limits: 0...100), y: Axis(covering: [0, 1]))
    for (row, set) in sets.enumerated() {
      let top = frame.top + Double(row) * band
      if row % 2 == 0 { canvas.rectangle(frame.left, top, frame.width, band, "h-band") }
      let weight = set.role == .inDistribution ? "h-strong" : ""
      canvas.text(setLabel(set), frame.left - 10, top + band / 2 + 4, anchor: .end, weight)
    }
    frame.drawXAxis("\(score) (%)", on: &canvas)
    for (row, set) in sets.enumerated() {
      let start =
        frame.top + Double(row) * band + (band - Double(variants.count - 1) * Self.dotStep) / 2
      for (index, variant) in variants.enumerated() {
        guard let style = styles[variant] else { continue }
        let y = start + Double(index) * Self.dotStep
        draw(variant, set, style, y, frame, on: &canvas)
      }
    }
    legend.draw(left: 30, top: frame.bottom + 56, on: &canvas)
    return canvas.document(
      title: "\(score) on each data set",
      description: "A band for each set, a dot with its 95 % interval for each method; the "
        + "numbers are those of the table.")
  }

  /// What the axis is of: the metric, where all sets have one.
  private var score: String {
    summary.hasOneMetric ? summary.meanMetric?.title ?? "Score" : "Score"
  }

  private var ends: [Double] {
    variants.flatMap { variant in
      sets.flatMap { set -> [Double] in
        guard let estimate = summary.estimate(variant, over: [set]) else { return [] }
        let half = estimate.halfWidth ?? 0
        return [100 * (estimate.mean - half), 100 * (estimate.mean + half)]
      }
    }
  }

  private func setLabel(_ set: ScoredSet) -> String {
    Legend.shortened(summary.title(set), to: 25)
  }

  private func draw(
    _ variant: Variant, _ set: ScoredSet, _ style: SeriesStyle, _ y: Double, _ frame: PlotFrame,
    on canvas: inout Canvas
  ) {
    guard let estimate = summary.estimate(variant, over: [set]), estimate.mean.isFinite else {
      return
    }
    let x = frame.place(100 * estimate.mean, 0).x
    if let half = estimate.halfWidth, half.isFinite, half > 0 {
      let ends = [-half, half].map { frame.place(100 * (estimate.mean + $0), 0).x }
      canvas.line(ends[0], y, ends[1], y, "h-c\(style.color) h-bar")
    }
    let number = NumberText.estimate(estimate, isFraction: true)
    canvas.marker(
      x, y, style, size: 4, title: "\(summary.label(variant)), \(summary.title(set)): \(number)")
  }
}
