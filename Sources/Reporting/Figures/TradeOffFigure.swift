import Basics

/// The score out of distribution against that in distribution: the paper's main figure.
///
/// Each row of the main table is a point with its intervals, interpolation a curve from the
/// reference to the tuned weights, every other path a thin curve. Points right of full
/// fine-tuning and above zero-shot lie in a tinted corner: better than both.
public struct TradeOffFigure: Sendable {
  private let summary: Summary
  private let points: [Point]
  private let curves: [Curve]

  private struct Point {
    var variant: Variant
    var inside: Estimate
    var outside: Estimate
  }

  private struct Curve {
    var path: SettingPath
    var points: [(value: Double, inside: Double, outside: Double)]
  }

  /// Prepares the figure.
  ///
  /// - Returns: Nil where no score was measured both in and out of distribution.
  public init?(_ summary: Summary) {
    guard summary.hasScores else { return nil }
    self.summary = summary
    func both(_ variant: Variant) -> (inside: Estimate, outside: Estimate)? {
      guard let inside = summary.estimate(variant, over: summary.averagedSets(.inDistribution)),
        let outside = summary.estimate(variant, over: summary.averagedSets(.outOfDistribution)),
        inside.mean.isFinite, outside.mean.isFinite
      else { return nil }
      return (inside, outside)
    }
    points = summary.mainVariants.compactMap { variant in
      both(variant).map { Point(variant: variant, inside: $0.inside, outside: $0.outside) }
    }
    curves = summary.paths.compactMap { path in
      let points = path.points.compactMap { point in
        both(point.variant).map { (point.value, 100 * $0.inside.mean, 100 * $0.outside.mean) }
      }
      return points.count > 1 ? Curve(path: path, points: points) : nil
    }
    if points.isEmpty { return nil }
  }

  /// The figure as an SVG document, 720 units wide.
  public var svg: String {
    let styles = SeriesStyle.styles(for: points.map(\.variant))
    let legend = legend(styles)
    let height = 480 + legend.height
    var canvas = Canvas(width: 720, height: height)
    canvas.rectangle(0, 0, 720, height, "h-ground")
    let frame = PlotFrame(
      left: 60, top: 16, width: 640, height: 400,
      x: axis(\.inside, curves.flatMap { $0.points.map(\.inside) }),
      y: axis(\.outside, curves.flatMap { $0.points.map(\.outside) }))
    drawCorner(frame, under: true, on: &canvas)
    frame.drawXAxis("\(score) in distribution (%)", on: &canvas)
    frame.drawYAxis("\(score) out of distribution, mean over sets (%)", on: &canvas)
    drawCorner(frame, under: false, on: &canvas)
    for curve in curves { draw(curve, frame, on: &canvas) }
    for point in points { drawBars(point, styles, frame, on: &canvas) }
    for point in points { drawMarker(point, styles, frame, on: &canvas) }
    drawCurveLabels(frame, on: &canvas)
    legend.draw(left: 30, top: frame.bottom + 56, on: &canvas)
    return canvas.document(
      title: "\(score) out of distribution against that in distribution",
      description: points.map { description($0) }.joined(separator: "; "))
  }

  private var score: String { summary.meanMetric?.title ?? "Score" }

  private func axis(_ part: KeyPath<Point, Estimate>, _ further: [Double]) -> Axis {
    let ends = points.flatMap { point -> [Double] in
      let estimate = point[keyPath: part]
      let half = finite(estimate.halfWidth)
      return [100 * (estimate.mean - half), 100 * (estimate.mean + half)]
    }
    return Axis(covering: ends + further, limits: 0...100)
  }

  private func legend(_ styles: [Variant: SeriesStyle]) -> Legend {
    var entries = points.compactMap { point in
      styles[point.variant].map { Legend.Entry(label: summary.label(point.variant), style: $0) }
    }
    for curve in curves {
      let style = SeriesStyle(color: color(curve), marker: .circle, isHollow: false)
      entries.append(
        Legend.Entry(
          label: "\(curve.path.label), \(curve.path.keyLabel)", style: style,
          curve: weight(curve)))
    }
    return Legend(entries: entries)
  }

  private func color(_ curve: Curve) -> Int {
    guard let variant = curve.path.points.first?.variant else { return 0 }
    let same = points.map(\.variant).first { $0.method == variant.method } ?? variant
    return SeriesStyle.styles(for: points.map(\.variant))[same]?.color
      ?? SeriesStyle.styles(for: [variant])[variant]?.color ?? 0
  }

  /// Interpolation stands out; other paths stay in the background.
  private func weight(_ curve: Curve) -> String {
    curve.path.isInterpolation ? "h-curve" : "h-thin"
  }

  private func finite(_ halfWidth: Double?) -> Double {
    halfWidth.map { $0.isFinite ? $0 : 0 } ?? 0
  }

  private func description(_ point: Point) -> String {
    "\(summary.label(point.variant)): "
      + "ID \(NumberText.estimate(point.inside, isFraction: true)), "
      + "OOD \(NumberText.estimate(point.outside, isFraction: true))"
  }
}

extension TradeOffFigure {
  /// The corner that beats full fine-tuning inside and zero-shot outside, and its edges.
  private func drawCorner(_ frame: PlotFrame, under: Bool, on canvas: inout Canvas) {
    func plain(_ method: String) -> Point? {
      points.first { $0.variant == summary.base(method, for: $0.variant) }
    }
    guard let full = plain("full"), let zero = plain("zero-shot") else { return }
    let corner = frame.place(100 * full.inside.mean, 100 * zero.outside.mean)
    if under {
      canvas.rectangle(
        corner.x, frame.top, frame.right - corner.x, corner.y - frame.top, "h-good")
    } else {
      canvas.line(corner.x, frame.top, corner.x, frame.bottom, "h-guide")
      canvas.line(frame.left, corner.y, frame.right, corner.y, "h-guide")
    }
  }

  private func draw(_ curve: Curve, _ frame: PlotFrame, on canvas: inout Canvas) {
    let places = curve.points.map { frame.place($0.inside, $0.outside) }
    canvas.polyline(places, "h-c\(color(curve)) \(weight(curve))")
    let style = SeriesStyle(color: color(curve), marker: .circle, isHollow: false)
    for (point, place) in zip(curve.points, places) {
      let value = NumberText.setting(.number(point.value))
      canvas.marker(
        place.x, place.y, style, size: curve.path.isInterpolation ? 3 : 2,
        title: "\(curve.path.label) \(curve.path.keyLabel) = \(value)")
    }
  }

  private func drawBars(
    _ point: Point, _ styles: [Variant: SeriesStyle], _ frame: PlotFrame,
    on canvas: inout Canvas
  ) {
    let classes = "h-c\(styles[point.variant]?.color ?? 0) h-bar"
    let ends = ends(point).map { frame.place($0.x, $0.y) }
    for pair in [ends.prefix(2), ends.suffix(2)] {
      guard let first = pair.first, let last = pair.last else { continue }
      if first != last { canvas.line(first.x, first.y, last.x, last.y, classes) }
    }
  }

  /// The ends of a point's intervals: left, right, lower, upper.
  private func ends(_ point: Point) -> [(x: Double, y: Double)] {
    let (x, y) = (100 * point.inside.mean, 100 * point.outside.mean)
    let across = 100 * finite(point.inside.halfWidth)
    let along = 100 * finite(point.outside.halfWidth)
    return [(x - across, y), (x + across, y), (x, y - along), (x, y + along)]
  }

  private func drawMarker(
    _ point: Point, _ styles: [Variant: SeriesStyle], _ frame: PlotFrame,
    on canvas: inout Canvas
  ) {
    guard let style = styles[point.variant] else { return }
    let place = frame.place(100 * point.inside.mean, 100 * point.outside.mean)
    canvas.marker(place.x, place.y, style, size: 6, title: description(point))
  }

  /// Some α beside the interpolation curves: the ends and the middle first, others as room allows.
  private func drawCurveLabels(_ frame: PlotFrame, on canvas: inout Canvas) {
    var placer = LabelPlacer(
      bounds: LabelPlacer.Box(
        left: frame.left, top: frame.top, right: frame.right, bottom: frame.bottom))
    for point in points {
      let place = frame.place(100 * point.inside.mean, 100 * point.outside.mean)
      placer.block(place.x, place.y, reach: 9)
      for end in ends(point) { placer.block(from: place, to: frame.place(end.x, end.y)) }
    }
    for curve in curves {
      let places = curve.points.map { frame.place($0.inside, $0.outside) }
      for (start, end) in zip(places, places.dropFirst()) { placer.block(from: start, to: end) }
    }
    for curve in curves where curve.path.isInterpolation {
      let order = [0, 1, 0.5, 0.2, 0.8, 0.4, 0.6, 0.3, 0.7, 0.1, 0.9]
      for value in order {
        guard let point = curve.points.first(where: { abs($0.value - value) < 1e-9 }) else {
          continue
        }
        let text = (value == 0 || value == 1 ? "α = " : "") + NumberText.setting(.number(value))
        let place = frame.place(point.inside, point.outside)
        if let spot = placer.place(text, beside: place) {
          canvas.text(text, spot.x, spot.y, anchor: spot.anchor, "h-small")
        }
      }
    }
  }
}
