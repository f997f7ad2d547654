import Foundation

/// Decoded images by path, so that a small data set is decoded once for all epochs and models.
///
/// It fills up to its limit and then keeps what it has: with passes over a whole set, throwing out
/// the oldest would never leave the one that comes next. Files are taken not to change while it
/// lives. Safe to use from any thread.
public final class DecodedImageCache: @unchecked Sendable {
  private let lock = NSLock()
  private let byteLimit: Int
  private var images: [String: RGBImage] = [:]
  private var bytes = 0

  /// An empty cache for pixels of the given number of bytes.
  public init(byteLimit: Int) {
    self.byteLimit = byteLimit
  }

  /// The number of bytes of pixels that are kept.
  public var byteCount: Int {
    lock.withLock { bytes }
  }

  /// The image that was kept for a path.
  public func image(at path: String) -> RGBImage? {
    lock.withLock { images[path] }
  }

  /// Keeps an image, if there is room for it.
  public func keep(_ image: RGBImage, at path: String) {
    lock.withLock {
      guard images[path] == nil, bytes + image.pixels.count <= byteLimit else { return }
      images[path] = image
      bytes += image.pixels.count
    }
  }
}
