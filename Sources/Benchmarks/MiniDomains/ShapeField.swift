/// A plane of one number a pixel, row by row.
typealias Plane = UnsafeMutablePointer<Float>

/// Evaluates shapes over all pixels at once: each primitive is one loop that vectorises.
///
/// The loops are written with `while` and pointers because they must also be quick in debug builds,
/// in which the tests render.
struct ShapeField {
  let count: Int
  let u: Plane
  let v: Plane
  /// Planes for the parts of a shape, one for each level of nesting.
  let scratch: [Plane]

  /// Writes the shape's distance at every pixel.
  func evaluate(_ shape: Shape, into d: Plane, level: Int = 0) {
    switch shape {
    case .circle(let x, let y, let radius): circle(x, y, radius, d)
    case .ellipse(let x, let y, let rx, let ry): ellipse(x, y, rx, ry, d)
    case .box(let x, let y, let hx, let hy): box(x, y, hx, hy, d)
    case .polygon(let corners): polygon(corners, d)
    case .capsule(let x0, let y0, let x1, let y1, let radius): capsule(x0, y0, x1, y1, radius, d)
    case .above(let height):
      each { d[$0] = v[$0] - height }
    case .union(let parts):
      guard let first = parts.first else { return }
      evaluate(first, into: d, level: level)
      for part in parts.dropFirst() {
        combine(part, d, level) { $1 < $0 ? $1 : $0 }
      }
    case .minus(let whole, let hole):
      evaluate(whole, into: d, level: level)
      combine(hole, d, level) { -$1 > $0 ? -$1 : $0 }
    case .intersection(let first, let second):
      evaluate(first, into: d, level: level)
      combine(second, d, level) { $1 > $0 ? $1 : $0 }
    }
  }

  @inline(__always)
  private func each(_ body: (Int) -> Void) {
    var i = 0
    while i < count {
      body(i)
      i &+= 1
    }
  }

  @inline(__always)
  private func combine(
    _ part: Shape, _ d: Plane, _ level: Int, _ merge: (Float, Float) -> Float
  ) {
    let other = scratch[level]
    evaluate(part, into: other, level: level + 1)
    each { d[$0] = merge(d[$0], other[$0]) }
  }

  private func circle(_ x: Float, _ y: Float, _ radius: Float, _ d: Plane) {
    each { i in
      let dx = u[i] - x
      let dy = v[i] - y
      d[i] = (dx * dx + dy * dy).squareRoot() - radius
    }
  }

  private func ellipse(_ x: Float, _ y: Float, _ rx: Float, _ ry: Float, _ d: Plane) {
    let least = rx < ry ? rx : ry
    each { i in
      let dx = (u[i] - x) / rx
      let dy = (v[i] - y) / ry
      d[i] = ((dx * dx + dy * dy).squareRoot() - 1) * least
    }
  }

  private func box(_ x: Float, _ y: Float, _ hx: Float, _ hy: Float, _ d: Plane) {
    each { i in
      let dx = (u[i] - x).magnitude - hx
      let dy = (v[i] - y).magnitude - hy
      d[i] = dx > dy ? dx : dy
    }
  }

  private func polygon(_ corners: [SIMD2<Float>], _ d: Plane) {
    var area: Float = 0
    for (index, corner) in corners.enumerated() {
      let next = corners[(index + 1) % corners.count]
      area += corner.x * next.y - next.x * corner.y
    }
    let turn: Float = area < 0 ? -1 : 1
    each { d[$0] = -.greatestFiniteMagnitude }
    for (index, corner) in corners.enumerated() {
      let next = corners[(index + 1) % corners.count]
      let ex = next.x - corner.x
      let ey = next.y - corner.y
      let length = (ex * ex + ey * ey).squareRoot()
      let nx = turn * ey / length
      let ny = -turn * ex / length
      let offset = nx * corner.x + ny * corner.y
      each { i in
        let side = nx * u[i] + ny * v[i] - offset
        d[i] = side > d[i] ? side : d[i]
      }
    }
  }

  private func capsule(
    _ x0: Float, _ y0: Float, _ x1: Float, _ y1: Float, _ radius: Float, _ d: Plane
  ) {
    let ex = x1 - x0
    let ey = y1 - y0
    let square = ex * ex + ey * ey
    each { i in
      let px = u[i] - x0
      let py = v[i] - y0
      let along = (px * ex + py * ey) / square
      let t = along > 0 ? (along < 1 ? along : 1) : 0
      let dx = px - t * ex
      let dy = py - t * ey
      d[i] = (dx * dx + dy * dy).squareRoot() - radius
    }
  }
}
