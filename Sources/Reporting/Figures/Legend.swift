/// The list of methods beside a figure.
struct Legend {
  var entries: [(label: String, style: SeriesStyle, isCurve: Bool)]

  static let width = 196.0
  static let rowHeight = 20.0

  /// The height that the entries take.
  var height: Double { Double(entries.count) * Self.rowHeight }

  func draw(left: Double, top: Double, on canvas: inout Canvas) {
    for (row, entry) in entries.enumerated() {
      let y = top + (Double(row) + 0.5) * Self.rowHeight
      if entry.isCurve {
        canvas.line(left, y, left + 18, y, "h-c\(entry.style.color) h-curve")
      } else {
        canvas.marker(left + 9, y, entry.style)
      }
      canvas.text(Self.shortened(entry.label), left + 25, y + 4)
    }
  }

  /// A label that fits beside its marker.
  static func shortened(_ label: String, to limit: Int = 27) -> String {
    label.count > limit ? label.prefix(limit - 1) + "…" : label
  }
}
