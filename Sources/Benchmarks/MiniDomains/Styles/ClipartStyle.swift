import Basics

/// Clip art: a flat object with a highlight and a black outline on a plain ground.
enum ClipartStyle: Style {
  static let wobble = 0.05

  static func paint(
    _ canvas: Canvas, _ scene: MiniDomains.Scene, _ colour: Colour, random: inout CounterRandom
  ) {
    let pale = random.uniformColour(0.65, 1)
    canvas.fill(random.chance(0.5) ? Colour(repeating: 1) : pale)
    let highlight = colour + 0.25 * (1 - colour)
    let black = Colour(repeating: 0)
    canvas.each { i in
      let isLit = canvas.distance[i] < -3 && canvas.v[i] < -0.1
      canvas.blend(i, isLit ? highlight : colour, canvas.coverage(i))
      canvas.blend(i, black, canvas.outline(i, 1.6))
    }
  }
}
