import Basics
import Foundation

extension Canvas {
  /// Writes smooth noise: normal numbers on a grid, bilinearly stretched over the canvas.
  ///
  /// - Parameter grid: Grid points along a side; more make finer noise.
  func smooth(_ grid: Int, into plane: Plane, random: inout CounterRandom) {
    let side = Self.side
    withUnsafeTemporaryAllocation(of: Float.self, capacity: grid * grid + grid * side) { memory in
      guard let nodes = memory.baseAddress else { return }
      NormalNoise.table.fill(nodes, count: grid * grid, random: &random)
      let stretched = nodes + grid * grid
      let step = Float(grid - 1) / Float(side - 1)
      var x = 0
      while x < side {
        let (left, weight) = node(x, step, grid)
        var row = 0
        while row < grid {
          let start = nodes[row &* grid &+ left]
          stretched[row &* side &+ x] = start + weight * (nodes[row &* grid &+ left &+ 1] - start)
          row &+= 1
        }
        x &+= 1
      }
      var y = 0
      while y < side {
        let (top, weight) = node(y, step, grid)
        let above = stretched + top &* side
        let below = above + side
        let target = plane + y &* side
        x = 0
        while x < side {
          target[x] = above[x] + weight * (below[x] - above[x])
          x &+= 1
        }
        y &+= 1
      }
    }
  }

  @inline(__always)
  private func node(_ pixel: Int, _ step: Float, _ grid: Int) -> (Int, Float) {
    let position = Float(pixel) * step
    let index = min(Int(position), grid - 2)
    return (index, position - Float(index))
  }

  /// Writes independent normal numbers, one a pixel.
  func noise(into plane: Plane, random: inout CounterRandom) {
    NormalNoise.table.fill(plane, count: Self.count, random: &random)
  }

  /// Paints a background over the whole canvas; uses the plane `third`.
  func paint(_ place: Place, random: inout CounterRandom) {
    let top = place.top + 0.05 * random.normalColour()
    let bottom = place.bottom + 0.05 * random.normalColour()
    let last = Float(Self.side - 1)
    eachPixel { i, _, y in
      let t = y / last
      red[i] = top.x + t * (bottom.x - top.x)
      green[i] = top.y + t * (bottom.y - top.y)
      blue[i] = top.z + t * (bottom.z - top.z)
    }
    let p = Float(random.uniform(0, 2 * .pi))
    switch place.texture {
    case .plain: break
    case .speckle:
      noise(into: third, random: &random)
      each { lighten($0, 0.1 * third[$0]) }
    case .waves:
      eachPixel { i, x, y in lighten(i, 0.1 * sin(1.1 * y + p + 1.2 * sin(0.4 * x + p))) }
    case .bricks:
      eachPixel { i, x, y in
        let course = ((y + p) / 6).rounded(.down)
        let along = x + 2 * p + 3 * course
        let isJoint = y + p - 6 * course < 1 || along - 10 * (along / 10).rounded(.down) < 1
        if isJoint { lighten(i, -0.22) }
      }
    case .grain:
      eachPixel { i, x, y in lighten(i, 0.12 * sin(0.9 * x + p + 0.8 * sin(0.25 * y + p))) }
    case .stars:
      noise(into: third, random: &random)
      each { if third[$0] > 2.2 { lighten($0, 0.8) } }
    }
  }
}

extension CounterRandom {
  /// Three independent normal numbers.
  mutating func normalColour() -> Colour {
    [Float(normal()), Float(normal()), Float(normal())]
  }

  /// Three independent uniform numbers.
  mutating func uniformColour(_ low: Double, _ high: Double) -> Colour {
    [Float(uniform(low, high)), Float(uniform(low, high)), Float(uniform(low, high))]
  }

  /// A uniform number for the painting loops.
  mutating func float(_ low: Double, _ high: Double) -> Float {
    Float(uniform(low, high))
  }
}
