import Foundation

/// Memory that grows to the largest need; what it holds is lost when it grows.
struct GrowingBuffer: ~Copyable {
  /// What is larger is given back, lest one huge image takes memory for long.
  private static let keptSize = 1 << 26
  private var base: UnsafeMutablePointer<UInt8>?
  private var size = 0

  init() {}

  deinit {
    free(base)
  }

  /// The memory, of at least so many bytes whose values are unset; nil where there is none.
  mutating func reserve(_ count: Int) -> UnsafeMutablePointer<UInt8>? {
    if base == nil || size < count || (size > Self.keptSize && count <= Self.keptSize) {
      free(base)
      base = malloc(max(count, 1))?.assumingMemoryBound(to: UInt8.self)
      size = base == nil ? 0 : count
    }
    return base
  }
}
