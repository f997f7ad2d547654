import Basics
import Foundation

/// The planes that one image is painted on; used again for the next.
final class Canvas {
  static let side = MiniDomains.side
  static let count = side * side

  /// What has been painted so far, from 0 to 1, clipped at the end only.
  let red: Plane
  let green: Plane
  let blue: Plane
  /// Object coordinates of each pixel.
  let u: Plane
  let v: Plane
  /// The distance to the object's edge in pixels, negative inside.
  let distance: Plane
  /// Free for a style's use.
  let first: Plane
  let second: Plane
  let third: Plane

  private let block: Plane
  private let field: ShapeField

  var channels: [Plane] { [red, green, blue] }

  init() {
    let planes = 12
    let block = Plane.allocate(capacity: planes * Self.count)
    block.initialize(repeating: 0, count: planes * Self.count)
    let plane = (0..<planes).map { block + $0 * Self.count }
    self.block = block
    (red, green, blue) = (plane[0], plane[1], plane[2])
    (u, v, distance) = (plane[3], plane[4], plane[5])
    (first, second, third) = (plane[6], plane[7], plane[8])
    field = ShapeField(
      count: Self.count, u: plane[3], v: plane[4], scratch: [plane[9], plane[10], plane[11]])
  }

  deinit { block.deallocate() }

  /// Calls the body with each pixel's index, column and row.
  @inline(__always)
  func eachPixel(_ body: (_ index: Int, _ x: Float, _ y: Float) -> Void) {
    var index = 0
    var row = 0
    while row < Self.side {
      var column = 0
      while column < Self.side {
        body(index, Float(column), Float(row))
        index &+= 1
        column &+= 1
      }
      row &+= 1
    }
  }

  /// Calls the body with each pixel's index.
  @inline(__always)
  func each(_ body: (Int) -> Void) {
    var index = 0
    while index < Self.count {
      body(index)
      index &+= 1
    }
  }

  /// Fills the canvas with one colour.
  func fill(_ colour: Colour) {
    each { i in
      red[i] = colour.x
      green[i] = colour.y
      blue[i] = colour.z
    }
  }

  /// Lays a colour over a pixel, from 0 (nothing) to 1 (only the colour).
  @inline(__always)
  func blend(_ i: Int, _ colour: Colour, _ amount: Float) {
    red[i] += amount * (colour.x - red[i])
    green[i] += amount * (colour.y - green[i])
    blue[i] += amount * (colour.z - blue[i])
  }

  /// Adds one number to all three channels of a pixel.
  @inline(__always)
  func lighten(_ i: Int, _ amount: Float) {
    red[i] += amount
    green[i] += amount
    blue[i] += amount
  }

  /// How much of a pixel the object covers.
  @inline(__always)
  func coverage(_ i: Int) -> Float { clamp(0.5 - distance[i]) }

  /// How much of a pixel the object's outline of a thickness in pixels covers.
  @inline(__always)
  func outline(_ i: Int, _ thickness: Float) -> Float {
    clamp(thickness / 2 + 0.5 - distance[i].magnitude)
  }

  /// Writes the object's coordinates and distance for a pose.
  ///
  /// - Parameter wobble: The amplitude of the unsteady hand, in object coordinates.
  func place(
    _ shape: Shape, _ pose: MiniDomains.Scene.Pose, wobble: Float, random: inout CounterRandom
  ) {
    var waves: [(frequency: Float, phase: Float)] = []
    for _ in 0..<4 {
      waves.append((Float(random.uniform(2, 5)), Float(random.uniform(0, 2 * .pi))))
    }
    let scale = Float(pose.scale)
    // The waves depend on the row or on the column alone.
    var columns: [SIMD2<Float>] = []
    var rows: [SIMD2<Float>] = []
    for step in 0..<Self.side {
      let x = (Float(step) + 0.5 - Float(pose.x)) / scale
      let y = (Float(step) + 0.5 - Float(pose.y)) / scale
      columns.append([
        x + 0.5 * wobble * sin(1.9 * waves[1].frequency * x + waves[1].phase),
        wobble * sin(waves[2].frequency * x + waves[2].phase),
      ])
      rows.append([
        wobble * sin(waves[0].frequency * y + waves[0].phase),
        y + 0.5 * wobble * sin(1.9 * waves[3].frequency * y + waves[3].phase),
      ])
    }
    let cosine = Float(cos(pose.rotation))
    let sine = Float(sin(pose.rotation))
    let aspect = Float(pose.aspect)
    let shear = Float(pose.shear)
    let flip: Float = pose.isFlipped ? -1 : 1
    var index = 0
    for row in rows {
      for column in columns {
        let x = column.x + row.x
        let y = column.y + row.y
        let down = (cosine * y - sine * x) / aspect
        u[index] = flip * (cosine * x + sine * y) * aspect + shear * down
        v[index] = down
        index += 1
      }
    }
    field.evaluate(shape, into: distance)
    each { distance[$0] *= scale }
  }
}

/// A number held between 0 and 1; not-a-number becomes 0.
@inline(__always)
func clamp(_ value: Float) -> Float {
  value > 0 ? (value < 1 ? value : 1) : 0
}

/// A number held between two others.
@inline(__always)
func clamp(_ value: Float, _ low: Float, _ high: Float) -> Float {
  value > low ? (value < high ? value : high) : low
}
