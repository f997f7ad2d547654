import Basics
import Foundation

/// A pencil drawing: hatching and an uneven outline on grey paper.
enum SketchStyle: Style {
  static let wobble = 0.10

  static func paint(
    _ canvas: Canvas, _ scene: MiniDomains.Scene, _ colour: Colour, random: inout CounterRandom
  ) {
    let paper = random.float(0.8, 1)
    let angle = random.float(0.4, 1.2)
    let (cosine, sine) = (cos(angle), sin(angle))
    let phase = random.float(0, 2 * .pi)
    let hatching = random.float(0.1, 0.5)
    let strength = random.float(0.6, 0.95)
    let (grain, pressure, noise) = (canvas.first, canvas.second, canvas.third)
    canvas.smooth(5, into: grain, random: &random)
    canvas.smooth(7, into: pressure, random: &random)
    canvas.noise(into: noise, random: &random)
    canvas.eachPixel { i, x, y in
      var grey = paper + 0.03 * grain[i]
      if sin(2.2 * (x * cosine + y * sine) + phase) > 0.25 {
        grey -= hatching * canvas.coverage(i)
      }
      let line =
        strength * clamp(0.75 + 0.35 * pressure[i], 0.2, 1) * canvas.outline(i, 1.2)
      grey += line * (0.05 - grey) + 0.04 * noise[i]
      canvas.red[i] = grey
      canvas.green[i] = grey
      canvas.blue[i] = grey
    }
  }
}
