import Foundation

/// Decoded images by file, so that a small data set is decoded once for all epochs and models.
///
/// It fills up to its limit and then keeps what it has: with passes over a whole set, throwing out
/// the oldest would never leave the one that comes next. Files are taken not to change while it
/// lives. Safe to use from any thread.
public final class DecodedImageCache: @unchecked Sendable {
  private let lock = NSLock()
  private let byteLimit: Int
  private var images: [Source: RGBImage] = [:]
  private var bytes = 0

  /// An empty cache for pixels of the given number of bytes.
  public init(byteLimit: Int) {
    self.byteLimit = byteLimit
  }

  /// The number of bytes of pixels that are kept.
  public var byteCount: Int {
    lock.withLock { bytes }
  }

  /// The image that was kept for an item.
  public func image(of item: LoadItem) -> RGBImage? {
    lock.withLock { images[Source(item)] }
  }

  /// Keeps an image, if there is room for it.
  public func keep(_ image: RGBImage, of item: LoadItem) {
    lock.withLock {
      guard images[Source(item)] == nil, bytes + image.pixels.count <= byteLimit else { return }
      images[Source(item)] = image
      bytes += image.pixels.count
    }
  }

  /// What decides the pixels of an item, which are the same for every key.
  private struct Source: Hashable {
    var path: String
    var slice: FileSlice?
    var border: Int

    init(_ item: LoadItem) {
      path = item.path
      slice = item.slice
      border = item.border
    }
  }
}
