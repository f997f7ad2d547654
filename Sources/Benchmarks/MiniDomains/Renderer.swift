import Basics
import Images

/// Renders scenes one after the other; each thread has its own.
public final class MiniRenderer {
  private let canvas = Canvas()

  public init() {}

  /// The image of a scene, 32 x 32 pixels.
  public func image(of scene: MiniDomains.Scene) -> RGBImage {
    let size = 3 * Canvas.count
    let pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      if let target = buffer.baseAddress { render(scene, into: target) }
      count = size
    }
    return RGBImage(width: MiniDomains.side, height: MiniDomains.side, pixels: pixels)
  }

  /// Writes the image of a scene as 3072 bytes: rows of red, green and blue.
  func render(_ scene: MiniDomains.Scene, into target: UnsafeMutablePointer<UInt8>) {
    var random = CounterRandom(scene.seed)
    let style = scene.domain.style
    let colour = ObjectColour.all[scene.colour].value + 0.07 * random.normalColour()
    let wobble = Float(style.wobble * random.uniform(0.4, 1))
    canvas.place(
      ObjectClass.all[scene.label].shape, scene.pose, wobble: wobble, random: &random)
    style.paint(canvas, scene, colour, random: &random)
    let (red, green, blue) = (canvas.red, canvas.green, canvas.blue)
    canvas.each { i in
      target[3 &* i] = byte(red[i])
      target[3 &* i &+ 1] = byte(green[i])
      target[3 &* i &+ 2] = byte(blue[i])
    }
  }

  @inline(__always)
  private func byte(_ value: Float) -> UInt8 {
    UInt8(clamp(value) * 255 + 0.5)
  }
}
