import Basics

/// An infographic: a small flat object among bars and lines of text.
enum InfographStyle: Style {
  static let wobble = 0.05

  static func paint(
    _ canvas: Canvas, _ scene: MiniDomains.Scene, _ colour: Colour, random: inout CounterRandom
  ) {
    canvas.fill(random.uniformColour(0.75, 1))
    let accent = ObjectColour.all[random.below(ObjectColour.all.count)].value
    if random.chance(0.35) { disc(canvas, scene.pose, 0.5 * accent + 0.5) }
    if random.chance(0.6) { bars(canvas, accent, &random) }
    text(canvas, &random)
    canvas.each { canvas.blend($0, colour, canvas.coverage($0)) }
  }

  private static func disc(_ canvas: Canvas, _ pose: MiniDomains.Scene.Pose, _ colour: Colour) {
    let (x, y) = (Float(pose.x), Float(pose.y))
    let radius = 1.25 * Float(pose.scale)
    canvas.eachPixel { i, column, row in
      let dx = column + 0.5 - x
      let dy = row + 0.5 - y
      canvas.blend(i, colour, clamp(0.5 + radius - (dx * dx + dy * dy).squareRoot()))
    }
  }

  /// Three upright bars in a lower corner.
  private static func bars(_ canvas: Canvas, _ accent: Colour, _ random: inout CounterRandom) {
    let start = random.chance(0.5) ? 1 : Canvas.side - 9
    for bar in 0..<3 {
      let height = Int(random.uniform(3, 14).rounded())
      for row in (Canvas.side - height)..<Canvas.side {
        for column in 0..<2 {
          canvas.blend(row * Canvas.side + start + 3 * bar + column, accent, 1)
        }
      }
    }
  }

  /// One to three dotted lines below the object.
  private static func text(_ canvas: Canvas, _ random: inout CounterRandom) {
    let ink = Colour(repeating: 0.3)
    for row in [29, 26, 23].prefix(1 + random.below(3)) {
      let end = Int(random.uniform(8, 28))
      for column in stride(from: 2, to: end, by: 2) {
        canvas.blend(row * Canvas.side + column, ink, 1)
      }
    }
  }
}
