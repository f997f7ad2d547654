/// A rectangle of whole pixels, from the top left.
public struct PixelRectangle: Hashable, Sendable {
  public var x: Int
  public var y: Int
  public var width: Int
  public var height: Int

  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// Whether the other rectangle has a pixel and lies inside this one.
  public func contains(_ other: PixelRectangle) -> Bool {
    other.width > 0 && other.height > 0 && other.x >= x && other.y >= y
      && other.x - x <= width - other.width && other.y - y <= height - other.height
  }
}
