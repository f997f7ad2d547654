import Basics
import Foundation

/// An oil painting: soft edges, brush strokes, a warm tint and few tones.
enum PaintingStyle: Style {
  static let wobble = 0.11

  static func paint(
    _ canvas: Canvas, _ scene: MiniDomains.Scene, _ colour: Colour, random: inout CounterRandom
  ) {
    canvas.paint(Place.all[scene.place], random: &random)
    for plane in canvas.channels {
      canvas.smooth(7, into: canvas.first, random: &random)
      canvas.each { plane[$0] += 0.09 * canvas.first[$0] }
    }
    canvas.smooth(8, into: canvas.first, random: &random)
    canvas.smooth(6, into: canvas.second, random: &random)
    let (texture, stroke) = (canvas.first, canvas.second)
    let angle = random.float(0, 2 * .pi)
    let (cosine, sine) = (cos(angle), sin(angle))
    let gain = random.float(0.8, 1.1)
    canvas.eachPixel { i, x, y in
      let variation = 0.09 * texture[i]
      canvas.blend(
        i, Colour(colour.x + variation, colour.y + variation, colour.z + variation),
        clamp(0.5 - canvas.distance[i] / 2.5))
      let brush = 0.07 * sin(1.6 * (x * cosine + y * sine) + 2 * stroke[i])
      canvas.red[i] = tone((canvas.red[i] + brush) * gain + 0.06)
      canvas.green[i] = tone((canvas.green[i] + brush) * gain + 0.03)
      canvas.blue[i] = tone((canvas.blue[i] + brush) * gain - 0.05)
    }
  }

  /// The nearest of seven tones.
  @inline(__always)
  private static func tone(_ value: Float) -> Float {
    (clamp(value) * 6).rounded() / 6
  }
}
