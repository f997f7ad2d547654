/// A shape as a signed distance in object coordinates, about [-1, 1] in u (right) and v (down).
///
/// The field is negative inside. It is exact for circles and approximate for the rest, which is
/// good enough for outlines a pixel or two wide.
indirect enum Shape: Sendable {
  case circle(_ x: Float, _ y: Float, _ radius: Float)
  case ellipse(_ x: Float, _ y: Float, _ radiusX: Float, _ radiusY: Float)
  /// A box by its centre and half its sides.
  case box(_ x: Float, _ y: Float, _ halfX: Float, _ halfY: Float)
  /// A convex polygon, in either direction.
  case polygon([SIMD2<Float>])
  /// The points nearer than the radius to a line from the first point to the second.
  case capsule(_ x0: Float, _ y0: Float, _ x1: Float, _ y1: Float, _ radius: Float)
  /// Everything above the height v.
  case above(_ v: Float)
  case union([Shape])
  /// The first without the second.
  case minus(Shape, Shape)
  case intersection(Shape, Shape)

  /// A convex polygon from x and y in turn.
  static func polygon(_ numbers: Float...) -> Shape {
    .polygon(
      stride(from: 0, to: numbers.count - 1, by: 2).map { SIMD2(numbers[$0], numbers[$0 + 1]) })
  }
}
