/// Images of one size, ready for a model: bytes in planes, `[count, 3, size, size]`.
public struct PixelBatch: Sendable {
  /// An item that was left out, with `skipBad` only.
  public struct Skipped: Hashable, Sendable {
    public var path: String
    /// What is wrong with it, in one line that names it.
    public var reason: String

    public init(path: String, reason: String) {
      self.path = path
      self.reason = reason
    }
  }

  /// `count * 3 * size * size` bytes.
  public var pixels: PixelBuffer
  /// The number of images; 0 if every item of the batch was left out.
  public var count: Int
  /// The side of the images in pixels.
  public var size: Int
  /// For each image, its position in the loader's list of items.
  public var positions: [Int]
  /// The items of this batch that were left out.
  public var skipped: [Skipped]

  public init(
    pixels: PixelBuffer, count: Int, size: Int, positions: [Int], skipped: [Skipped] = []
  ) {
    self.pixels = pixels
    self.count = count
    self.size = size
    self.positions = positions
    self.skipped = skipped
  }
}
