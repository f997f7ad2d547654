import Foundation

/// An SVG drawing as it grows: shapes and texts in user units, which are pixels at full size.
///
/// No scripts, no fonts, no random identifiers: the same calls give the same bytes.
struct Canvas {
  let width: Double
  let height: Double
  private var body = ""

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ classes: String) {
    body += "<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\""
    body += " class=\"\(classes)\"/>\n"
  }

  mutating func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ classes: String
  ) {
    body += "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(max(0, width)))\""
    body += " height=\"\(n(max(0, height)))\" class=\"\(classes)\"/>\n"
  }

  mutating func polyline(_ points: [(x: Double, y: Double)], _ classes: String) {
    let text = points.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " ")
    body += "<polyline points=\"\(text)\" class=\"\(classes)\"/>\n"
  }

  enum Anchor: String {
    case start, middle, end
  }

  /// A text whose baseline is at y.
  mutating func text(
    _ text: String, _ x: Double, _ y: Double, anchor: Anchor = .start, _ classes: String = "",
    rotated: Bool = false
  ) {
    body += "<text x=\"\(n(x))\" y=\"\(n(y))\" text-anchor=\"\(anchor.rawValue)\""
    if !classes.isEmpty { body += " class=\"\(classes)\"" }
    if rotated { body += " transform=\"rotate(-90 \(n(x)) \(n(y)))\"" }
    body += ">\(text.escaped)</text>\n"
  }

  /// A marker with its centre at a point and, on hovering, a title.
  mutating func marker(
    _ x: Double, _ y: Double, _ style: SeriesStyle, size: Double = 5, title: String? = nil
  ) {
    let classes = "h-c\(style.color) \(style.isHollow ? "h-hollow" : "h-mark")"
    body += "<path d=\"\(Self.outline(style.marker, x, y, size))\" class=\"\(classes)\""
    body += title.map { "><title>\($0.escaped)</title></path>\n" } ?? "/>\n"
  }

  /// The finished document.
  ///
  /// - Parameters:
  ///   - title: What the figure is, read out by screen readers.
  ///   - description: What it shows.
  func document(title: String, description: String) -> String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(n(width)) \(n(height))" \
    width="\(n(width))" height="\(n(height))" class="holdfast-figure" role="img">
    <title>\(title.escaped)</title>
    <desc>\(description.escaped)</desc>
    <style>
    \(Self.styleSheet)</style>
    \(body)</svg>

    """
  }

  private func n(_ value: Double) -> String { NumberText.coordinate(value) }

  private static func outline(
    _ marker: SeriesStyle.Marker, _ x: Double, _ y: Double, _ r: Double
  ) -> String {
    func polygon(_ corners: [(Double, Double)]) -> String {
      let points = corners.map {
        "\(NumberText.coordinate(x + $0.0)) \(NumberText.coordinate(y + $0.1))"
      }
      return "M" + points.joined(separator: "L") + "Z"
    }
    func regular(_ count: Int, _ radius: Double, turn: Double) -> String {
      polygon(
        (0..<count).map { corner in
          let angle = 2 * Double.pi * Double(corner) / Double(count) + turn
          return (radius * sin(angle), -radius * cos(angle))
        })
    }
    func star(_ arm: Double, turned: Bool) -> String {
      let half = arm * 0.34
      let corners: [(Double, Double)] = [
        (-half, -arm), (half, -arm), (half, -half), (arm, -half), (arm, half), (half, half),
        (half, arm), (-half, arm), (-half, half), (-arm, half), (-arm, -half), (-half, -half),
      ]
      guard turned else { return polygon(corners) }
      let s = 0.5.squareRoot()
      return polygon(corners.map { (s * ($0.0 - $0.1), s * ($0.0 + $0.1)) })
    }
    switch marker {
    case .circle:
      let left = NumberText.coordinate(x - r)
      let radius = NumberText.coordinate(r)
      let diameter = NumberText.coordinate(2 * r)
      return "M\(left) \(NumberText.coordinate(y))a\(radius) \(radius) 0 1 0 \(diameter) 0"
        + "a\(radius) \(radius) 0 1 0 -\(diameter) 0Z"
    case .square: return regular(4, r * 1.27, turn: .pi / 4)
    case .triangle: return regular(3, r * 1.3, turn: 0)
    case .inverted: return regular(3, r * 1.3, turn: .pi)
    case .diamond: return regular(4, r * 1.35, turn: 0)
    case .pentagon: return regular(5, r * 1.15, turn: 0)
    case .cross: return star(r * 1.1, turned: true)
    case .plus: return star(r * 1.1, turned: false)
    }
  }
}
