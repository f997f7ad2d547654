import Basics
import CImaging
import Images
import Testing

/// Resizing gives the same bytes with every set of instructions that the processor has.
@Suite struct ResizeInstructionsTests {
  private static let available = [CI_BEST, CI_SSE2, CI_AVX2, CI_NEON].filter {
    ci_supports($0) != 0
  }

  /// A resizing of up to 90 pixels a side to as many, and a window of it.
  private func resizing(_ random: inout CounterRandom) -> ci_resizing {
    var size: [Int64] = (0..<4).map { _ in Int64(1 + random.below(90)) }
    if random.chance(0.15) { size[2] = size[0] }
    if random.chance(0.15) { size[3] = size[1] }
    var box: (Float, Float, Float, Float) = (0, 0, Float(size[0]), Float(size[1]))
    if random.chance(0.2) {
      box.0 = Float(random.uniform()) * box.2 / 2
      box.3 = (Float(random.uniform()) + 1) * box.3 / 2
    }
    let width = 1 + random.below(Int(size[2]))
    let height = 1 + random.below(Int(size[3]))
    let window = ci_rectangle(
      x: Int64(random.below(Int(size[2]) - width + 1)),
      y: Int64(random.below(Int(size[3]) - height + 1)), width: Int64(width),
      height: Int64(height))
    return ci_resizing(
      width: size[0], height: size[1], box: box, new_width: size[2], new_height: size[3],
      window: window)
  }

  @Test func allGiveTheSameBytes() throws {
    #expect(ci_supports(CI_PLAIN) != 0 && Self.available.contains(CI_BEST))
    let workspace = try Workspace()
    var random = CounterRandom(11)
    for round in 0..<800 {
      var resizing = resizing(&random)
      let source = ci_resizing_source(&resizing)
      // Extremes, too, so that sums leave the range of a byte.
      let isHard = random.chance(0.5)
      let pixels = (0..<3 * Int(source.width * source.height)).map { _ in
        isHard ? (random.chance(0.5) ? 255 : 0) : UInt8(random.below(256))
      }
      let plain = try workspace.resize(pixels, resizing, CI_PLAIN)
      for instructions in Self.available {
        let result = try workspace.resize(pixels, resizing, instructions)
        #expect(result == plain, "round \(round), \(instructions): \(resizing)")
      }
    }
  }

  /// A window that is computed alone, from the pixels it needs alone, is that part of the whole.
  @Test func windowsArePartsOfTheWhole() throws {
    let workspace = try Workspace()
    var random = CounterRandom(12)
    for _ in 0..<200 {
      var part = resizing(&random)
      let image = noise(width: Int(part.width), height: Int(part.height))
      var whole = part
      whole.window = ci_rectangle(
        x: 0, y: 0, width: part.new_width, height: part.new_height)
      let wholeSource = ci_resizing_source(&whole)
      let all = try workspace.resize(
        image.cropped(rectangle(wholeSource)).pixels, whole, CI_BEST)
      let source = ci_resizing_source(&part)
      let planes = try workspace.resize(image.cropped(rectangle(source)).pixels, part, CI_BEST)
      let (width, height) = (Int(part.window.width), Int(part.window.height))
      let (wholeWidth, wholeHeight) = (Int(whole.new_width), Int(whole.new_height))
      for index in planes.indices {
        let x = index % width + Int(part.window.x)
        let y = index / width % height + Int(part.window.y)
        let plane = index / (width * height)
        guard planes[index] != all[(plane * wholeHeight + y) * wholeWidth + x] else { continue }
        Issue.record("plane \(plane), x \(x), y \(y) of \(part)")
        break
      }
    }
  }

  @Test func pixelsThatAreMissingAreNoticed() throws {
    let workspace = try Workspace()
    var resizing = ci_resizing(
      width: 20, height: 20, box: (0, 0, 20, 20), new_width: 10, new_height: 10,
      window: ci_rectangle(x: 0, y: 0, width: 10, height: 10))
    let pixels = [UInt8](repeating: 0, count: 1200)
    var planes = pixels
    let few = ci_rectangle(x: 1, y: 0, width: 19, height: 20)
    let status = planes.withUnsafeMutableBufferPointer { buffer in
      ci_resize(
        workspace.c, &resizing, pixels, 57, few,
        ci_planes(bytes: buffer.baseAddress, plane: 100, row: 10), CI_BEST)
    }
    #expect(status == CI_BAD_DATA)
  }

  private func rectangle(_ c: ci_rectangle) -> PixelRectangle {
    PixelRectangle(x: Int(c.x), y: Int(c.y), width: Int(c.width), height: Int(c.height))
  }
}
