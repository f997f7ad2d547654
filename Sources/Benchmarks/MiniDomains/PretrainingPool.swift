import Basics
import Dispatch
import Images

extension MiniDomains {
  /// An image of the pre-training mixture and what it shows.
  public static func pretrainingImage(_ index: Int, seed: Int) -> (image: RGBImage, scene: Scene) {
    let scene = pretrainingScene(index, seed: seed)
    return (MiniRenderer().image(of: scene), scene)
  }

  /// Many images of the pre-training mixture in one array.
  public struct PretrainingPool: Sendable {
    /// `[count, 32, 32, 3]`, bytes.
    public let pixels: [UInt8]
    public let scenes: [Scene]

    /// Renders the images 0..<count on all cores.
    public init(count: Int, seed: Int) {
      let count = max(count, 0)
      let size = 3 * MiniDomains.side * MiniDomains.side
      let scenes = (0..<count).map { MiniDomains.pretrainingScene($0, seed: seed) }
      pixels = [UInt8](unsafeUninitializedCapacity: count * size) { buffer, filled in
        let target = SendablePointer(start: buffer.baseAddress)
        MiniDomains.inBlocks(of: count) { range in
          let renderer = MiniRenderer()
          for index in range {
            if let start = target.start {
              renderer.render(scenes[index], into: start + index * size)
            }
          }
        }
        filled = count * size
      }
      self.scenes = scenes
    }
  }

  /// Runs the body on all cores for consecutive ranges that cover 0..<count.
  static func inBlocks(of count: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let block = 64
    DispatchQueue.concurrentPerform(iterations: (count + block - 1) / block) { number in
      body(number * block..<min((number + 1) * block, count))
    }
  }
}

/// A pointer that threads share, each writing its own part.
private struct SendablePointer: @unchecked Sendable {
  let start: UnsafeMutablePointer<UInt8>?
}
