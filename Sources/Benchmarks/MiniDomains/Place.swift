/// A background of photographs and paintings: a vertical gradient and a texture.
struct Place: Sendable {
  enum Texture: Sendable {
    case plain, speckle, waves, bricks, grain, stars
  }

  var name: String
  var top: Colour
  var bottom: Colour
  var texture: Texture

  private init(_ name: String, _ top: Colour, _ bottom: Colour, _ texture: Texture) {
    self.name = name
    self.top = top
    self.bottom = bottom
    self.texture = texture
  }

  /// All places, in index order.
  static let all = [
    Place("sky", [0.45, 0.68, 0.95], [0.8, 0.9, 1], .plain),
    Place("grass", [0.35, 0.6, 0.3], [0.2, 0.45, 0.12], .speckle),
    Place("sand", [0.9, 0.8, 0.55], [0.75, 0.6, 0.4], .speckle),
    Place("water", [0.2, 0.55, 0.7], [0.05, 0.3, 0.5], .waves),
    Place("wall", [0.75, 0.5, 0.42], [0.62, 0.38, 0.32], .bricks),
    Place("wood", [0.6, 0.42, 0.25], [0.45, 0.28, 0.14], .grain),
    Place("snow", [0.95, 0.96, 1], [0.82, 0.86, 0.92], .plain),
    Place("night", [0.08, 0.08, 0.2], [0.2, 0.15, 0.3], .stars),
  ]
}
