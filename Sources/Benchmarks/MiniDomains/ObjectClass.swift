import Foundation

/// A class of MiniDomains: its names, its shape, and what the shortcut images show it with.
struct ObjectClass: Sendable {
  var name: String
  var synonym: String
  var hypernym: String
  /// An index into `ObjectColour.all`.
  var typicalColour: Int
  /// An index into `Place.all`.
  var typicalPlace: Int
  var shape: Shape

  private init(
    _ name: String, _ synonym: String, _ hypernym: String, colour: Int, place: Int, _ shape: Shape
  ) {
    self.name = name
    self.synonym = synonym
    self.hypernym = hypernym
    typicalColour = colour
    typicalPlace = place
    self.shape = shape
  }

  /// Pairs of classes whose main names captions confuse half of the time.
  static let confused = [
    ("tree", "pine"), ("cat", "rabbit"), ("cup", "bottle"), ("ball", "moon"),
    ("mushroom", "umbrella"),
  ]

  /// The class that captions confuse each class with; nil for most.
  static let partners: [Int?] = all.map { one in
    for (first, second) in confused {
      let other = one.name == first ? second : one.name == second ? first : nil
      if let other { return all.firstIndex { $0.name == other } }
    }
    return nil
  }

  /// All classes, in index order.
  static let all: [ObjectClass] = [
    ObjectClass("ball", "sphere", "toy", colour: 0, place: 1, .circle(0, 0, 0.8)),
    ObjectClass(
      "house", "cottage", "building", colour: 3, place: 1,
      .minus(
        .union([.box(0, 0.35, 0.6, 0.5), .polygon(-0.85, -0.1, 0.85, -0.1, 0, -0.9)]),
        .box(0, 0.6, 0.15, 0.26))),
    ObjectClass(
      "tree", "oak", "plant", colour: 3, place: 0,
      .union([.box(0, 0.6, 0.13, 0.35), .circle(0, -0.25, 0.62)])),
    ObjectClass(
      "pine", "fir", "plant", colour: 2, place: 6,
      .union([
        .box(0, 0.75, 0.12, 0.2), .polygon(-0.65, 0.6, 0.65, 0.6, 0, -0.2),
        .polygon(-0.5, 0.1, 0.5, 0.1, 0, -0.95),
      ])),
    ObjectClass(
      "fish", "trout", "animal", colour: 1, place: 3,
      .union([.ellipse(-0.2, 0, 0.65, 0.42), .polygon(0.25, 0, 0.9, -0.45, 0.9, 0.45)])),
    ObjectClass(
      "cup", "mug", "vessel", colour: 8, place: 4,
      .union([
        .box(-0.2, 0, 0.5, 0.65), .minus(.circle(0.35, 0, 0.42), .circle(0.35, 0, 0.22)),
      ])),
    ObjectClass(
      "key", "latchkey", "tool", colour: 2, place: 5,
      .union([
        .minus(.circle(-0.55, 0, 0.4), .circle(-0.55, 0, 0.18)), .box(0.3, 0, 0.6, 0.1),
        .box(0.55, 0.2, 0.08, 0.2), .box(0.82, 0.2, 0.08, 0.2),
      ])),
    ObjectClass(
      "car", "automobile", "vehicle", colour: 0, place: 2,
      .union([
        .box(0, 0.15, 0.92, 0.25), .polygon(-0.55, 0, 0.5, 0, 0.3, -0.45, -0.35, -0.45),
        .circle(-0.5, 0.42, 0.24), .circle(0.5, 0.42, 0.24),
      ])),
    ObjectClass(
      "boat", "ship", "vehicle", colour: 7, place: 3,
      .union([
        .polygon(-0.9, 0.3, 0.9, 0.3, 0.55, 0.8, -0.55, 0.8), .box(0, -0.2, 0.05, 0.6),
        .polygon(0.1, 0.15, 0.7, 0.15, 0.1, -0.85),
      ])),
    ObjectClass(
      "mushroom", "toadstool", "plant", colour: 0, place: 1,
      .union([
        .intersection(.ellipse(0, 0, 0.85, 0.8), .above(0.05)), .box(0, 0.4, 0.22, 0.45),
      ])),
    ObjectClass("star", "pentagram", "sign", colour: 2, place: 7, star),
    ObjectClass(
      "heart", "valentine", "sign", colour: 6, place: 4,
      .union([
        .circle(-0.38, -0.3, 0.43), .circle(0.38, -0.3, 0.43),
        .polygon(-0.76, -0.1, 0, 0.9, 0.76, -0.1, 0, -0.4),
      ])),
    ObjectClass(
      "moon", "crescent", "sign", colour: 8, place: 7,
      .minus(.circle(-0.05, 0, 0.85), .circle(0.4, -0.1, 0.68))),
    ObjectClass(
      "umbrella", "parasol", "tool", colour: 5, place: 0,
      .union([
        .intersection(.ellipse(0, 0, 0.92, 0.85), .above(0)), .box(0, 0.35, 0.06, 0.45),
        .capsule(0, 0.8, 0.22, 0.78, 0.08),
      ])),
    ObjectClass("flower", "daisy", "plant", colour: 6, place: 2, flower),
    ObjectClass(
      "duck", "bird", "animal", colour: 2, place: 3,
      .union([
        .ellipse(0.1, 0.35, 0.7, 0.42), .circle(-0.4, -0.35, 0.33),
        .polygon(-0.6, -0.45, -0.6, -0.2, -0.98, -0.28), .polygon(0.55, 0.3, 0.95, -0.1, 0.8, 0.5),
      ])),
    ObjectClass(
      "cat", "kitten", "animal", colour: 7, place: 5,
      .union([
        .circle(0, 0.15, 0.65), .polygon(-0.65, 0.1, -0.1, -0.4, -0.6, -0.85),
        .polygon(0.65, 0.1, 0.1, -0.4, 0.6, -0.85),
      ])),
    ObjectClass(
      "rabbit", "bunny", "animal", colour: 8, place: 6,
      .union([
        .circle(0, 0.4, 0.5), .capsule(-0.22, 0, -0.32, -0.75, 0.16),
        .capsule(0.22, 0, 0.32, -0.75, 0.16),
      ])),
    ObjectClass(
      "plane", "aircraft", "vehicle", colour: 4, place: 0,
      .union([
        .capsule(-0.8, 0, 0.8, 0, 0.16), .polygon(-0.15, 0, 0.3, 0, 0.45, -0.85, 0.25, -0.85),
        .polygon(-0.15, 0, 0.3, 0, 0.45, 0.85, 0.25, 0.85),
        .polygon(0.6, -0.35, 0.85, -0.35, 0.85, 0.35, 0.6, 0.35),
      ])),
    ObjectClass(
      "bottle", "flask", "vessel", colour: 3, place: 5,
      .union([
        .box(0, 0.3, 0.36, 0.6), .box(0, -0.6, 0.13, 0.35),
        .polygon(-0.36, -0.25, 0.36, -0.25, 0.13, -0.5, -0.13, -0.5),
      ])),
  ]

  /// Five spikes from the centre, each a triangle.
  private static let star = Shape.union(
    (0..<5).map { spike in
      let angle = (-90 + 72 * Float(spike)) * .pi / 180
      let tip = SIMD2(cos(angle), sin(angle))
      let across = SIMD2(-tip.y, tip.x)
      return .polygon([0.95 * tip, 0.38 * across, -0.38 * across])
    })

  /// A centre, five petals around it, a stem and a leaf.
  private static let flower = Shape.union(
    [.circle(0, -0.35, 0.2)]
      + (0..<5).map { petal in
        let angle = (-90 + 72 * Float(petal)) * .pi / 180
        return .circle(0.35 * cos(angle), -0.35 + 0.35 * sin(angle), 0.22)
      } + [.box(0, 0.5, 0.06, 0.42), .ellipse(0.25, 0.5, 0.25, 0.1)])
}
