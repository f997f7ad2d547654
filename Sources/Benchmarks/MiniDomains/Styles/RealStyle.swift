import Basics
import Foundation

/// A photograph: place, clutter, contact shadow, a lit object, and a camera's faults.
enum RealStyle: Style {
  static let wobble = 0.06

  static func paint(
    _ canvas: Canvas, _ scene: MiniDomains.Scene, _ colour: Colour, random: inout CounterRandom
  ) {
    canvas.paint(Place.all[scene.place], random: &random)
    canvas.smooth(5, into: canvas.first, random: &random)
    canvas.each { canvas.lighten($0, 0.08 * canvas.first[$0]) }
    for _ in 0..<3 where random.chance(0.5) { clutter(canvas, &random) }
    light(canvas, colour, &random)
    expose(canvas, &random)
  }

  /// A blob of some colour in the background.
  private static func clutter(_ canvas: Canvas, _ random: inout CounterRandom) {
    let side = Double(Canvas.side)
    let x = random.float(0, side)
    let y = random.float(0, side)
    let rx = random.float(1.5, 5)
    let ry = random.float(1.5, 5)
    let colour = ObjectColour.all[random.below(ObjectColour.all.count)].value
    let least = rx < ry ? rx : ry
    canvas.eachPixel { i, column, row in
      let dx = (column + 0.5 - x) / rx
      let dy = (row + 0.5 - y) / ry
      let distance = ((dx * dx + dy * dy).squareRoot() - 1) * least
      canvas.blend(i, colour, 0.8 * clamp(0.5 - distance))
    }
  }

  /// The shadow around the object, and the object shaded from one side.
  private static func light(
    _ canvas: Canvas, _ colour: Colour, _ random: inout CounterRandom
  ) {
    let angle = random.float(0, 2 * .pi)
    let (cosine, sine) = (cos(angle), sin(angle))
    canvas.smooth(9, into: canvas.first, random: &random)
    canvas.each { i in
      let distance = canvas.distance[i]
      let shadow = 1 - 0.35 * exp(-(distance > 0 ? distance : 0) / 2.5)
      canvas.red[i] *= shadow
      canvas.green[i] *= shadow
      canvas.blue[i] *= shadow
      let shade =
        0.85 + 0.35 * (cosine * canvas.u[i] + sine * canvas.v[i])
        + 0.03 * clamp(-distance, 0, 6)
      let texture = 0.07 * canvas.first[i]
      canvas.blend(
        i,
        Colour(
          colour.x * shade + texture, colour.y * shade + texture, colour.z * shade + texture),
        canvas.coverage(i))
    }
  }

  /// Contrast, brightness, a colour cast and pixel noise.
  private static func expose(_ canvas: Canvas, _ random: inout CounterRandom) {
    let contrast = random.float(0.7, 1.1)
    let brightness = random.float(-0.12, 0.12)
    let cast = 0.03 * random.normalColour()
    for (channel, plane) in canvas.channels.enumerated() {
      canvas.noise(into: canvas.first, random: &random)
      let offset = 0.5 + brightness + cast[channel]
      canvas.each { plane[$0] = (plane[$0] - 0.5) * contrast + offset + 0.05 * canvas.first[$0] }
    }
  }
}
