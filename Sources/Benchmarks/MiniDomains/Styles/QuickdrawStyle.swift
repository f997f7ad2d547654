import Basics

/// A scribble: a thin, interrupted black line on white.
enum QuickdrawStyle: Style {
  static let wobble = 0.13

  static func paint(
    _ canvas: Canvas, _ scene: MiniDomains.Scene, _ colour: Colour, random: inout CounterRandom
  ) {
    let strength = random.float(0.75, 1)
    canvas.smooth(6, into: canvas.first, random: &random)
    canvas.each { i in
      let grey = canvas.first[i] < -1.3 ? 1 : 1 - strength * canvas.outline(i, 1)
      canvas.red[i] = grey
      canvas.green[i] = grey
      canvas.blue[i] = grey
    }
  }
}
