/// The list of methods under a figure, in three columns that are read downwards.
struct Legend {
  struct Entry {
    var label: String
    var style: SeriesStyle
    /// The class of a line that stands in for the marker.
    var curve: String?
  }

  var entries: [Entry]

  private static let columns = 3
  private static let columnWidth = 228.0
  private static let rowHeight = 20.0

  private var rows: Int { (entries.count + Self.columns - 1) / Self.columns }

  /// The height that the entries take.
  var height: Double { Double(rows) * Self.rowHeight }

  func draw(left: Double, top: Double, on canvas: inout Canvas) {
    for (index, entry) in entries.enumerated() {
      let x = left + Double(index / rows) * Self.columnWidth
      let y = top + (Double(index % rows) + 0.5) * Self.rowHeight
      if let curve = entry.curve {
        canvas.line(x, y, x + 18, y, "h-c\(entry.style.color) \(curve)")
      } else {
        canvas.marker(x + 9, y, entry.style)
      }
      canvas.text(Self.shortened(entry.label), x + 25, y + 4)
    }
  }

  /// A label that fits beside its marker.
  static func shortened(_ label: String, to limit: Int = 28) -> String {
    label.count > limit ? label.prefix(limit - 1) + "…" : label
  }
}
