/// Red, green and blue from 0 to 1.
typealias Colour = SIMD3<Float>

/// A colour of objects: its name and its middle, around which images vary.
struct ObjectColour: Sendable {
  var name: String
  var value: Colour

  /// All colours, in index order.
  static let all = [
    ObjectColour(name: "red", value: [0.85, 0.15, 0.15]),
    ObjectColour(name: "orange", value: [0.95, 0.55, 0.1]),
    ObjectColour(name: "yellow", value: [0.95, 0.88, 0.2]),
    ObjectColour(name: "green", value: [0.2, 0.65, 0.25]),
    ObjectColour(name: "blue", value: [0.15, 0.35, 0.85]),
    ObjectColour(name: "purple", value: [0.55, 0.2, 0.7]),
    ObjectColour(name: "pink", value: [0.97, 0.6, 0.75]),
    ObjectColour(name: "brown", value: [0.5, 0.32, 0.18]),
    ObjectColour(name: "grey", value: [0.6, 0.6, 0.62]),
    ObjectColour(name: "black", value: [0.12, 0.12, 0.14]),
  ]
}
