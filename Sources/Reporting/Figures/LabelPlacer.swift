/// Finds room for small labels beside points: the first of some places that covers nothing.
struct LabelPlacer {
  struct Box {
    var left: Double
    var top: Double
    var right: Double
    var bottom: Double

    func overlaps(_ other: Box) -> Bool {
      left < other.right && other.left < right && top < other.bottom && other.top < bottom
    }

    func contains(_ other: Box) -> Bool {
      left <= other.left && other.right <= right && top <= other.top && other.bottom <= bottom
    }
  }

  private let bounds: Box
  private var taken: [Box] = []

  init(bounds: Box) {
    self.bounds = bounds
  }

  /// Keeps labels away from a square around a point.
  mutating func block(_ x: Double, _ y: Double, reach: Double) {
    block(Box(left: x - reach, top: y - reach, right: x + reach, bottom: y + reach))
  }

  mutating func block(_ box: Box) {
    taken.append(box)
  }

  /// Keeps labels off a line.
  mutating func block(from start: (x: Double, y: Double), to end: (x: Double, y: Double)) {
    let length = max(abs(end.x - start.x), abs(end.y - start.y))
    let steps = Int(min(max(length / 3, 1), 1000))
    for step in 0...steps {
      let share = Double(step) / Double(steps)
      block(
        start.x + share * (end.x - start.x), start.y + share * (end.y - start.y), reach: 1.5)
    }
  }

  /// The baseline and anchor of a label of 11 pixels beside a point, or nil where there is no room.
  mutating func place(
    _ text: String, beside point: (x: Double, y: Double)
  ) -> (x: Double, y: Double, anchor: Canvas.Anchor)? {
    let width = Self.width(text, size: 11)
    let places = [8.0, 12, 18].flatMap { d -> [(Double, Double, Canvas.Anchor)] in
      let slant = d * 0.75
      return [
        (0, -d, .middle), (-slant, -slant, .end), (slant, -slant, .start), (-d, 4, .end),
        (d, 4, .start), (0, d + 8, .middle), (-slant, slant + 8, .end),
        (slant, slant + 8, .start),
      ]
    }
    for (dx, dy, anchor) in places {
      let x = point.x + dx
      let y = point.y + dy
      let left = anchor == .start ? x : anchor == .end ? x - width : x - width / 2
      let box = Box(left: left - 1, top: y - 9, right: left + width + 1, bottom: y + 2)
      if bounds.contains(box), !taken.contains(where: box.overlaps) {
        taken.append(box)
        return (x, y, anchor)
      }
    }
    return nil
  }

  /// About how wide a text is drawn.
  static func width(_ text: String, size: Double) -> Double {
    Double(text.count) * size * 0.58
  }
}
