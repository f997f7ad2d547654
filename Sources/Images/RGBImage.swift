import CImaging

/// A picture of 8-bit RGB pixels in interleaved rows, from the top left.
public struct RGBImage: Hashable, Sendable {
  public let width: Int
  public let height: Int
  /// `3 * width * height` bytes.
  public let pixels: [UInt8]

  /// An image of at least one pixel; a wrong number of bytes is a mistake of the caller.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "an image has at least one pixel")
    precondition(width <= Int(Int32.max) && height <= Int(Int32.max), "an image too large")
    precondition(pixels.count == 3 * width * height, "an image of \(width) x \(height) pixels")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// The whole image as a rectangle.
  public var bounds: PixelRectangle {
    PixelRectangle(x: 0, y: 0, width: width, height: height)
  }

  /// The red, green and blue planes one after the other: `[3, height, width]`.
  public var planes: [UInt8] {
    Array(unsafeUninitializedCapacity: pixels.count) { buffer, count in
      ci_split_planes(pixels, width * height, buffer.baseAddress)
      count = pixels.count
    }
  }
}
