import Basics
import Foundation
import Images
import TestSupport
import Testing

/// What Pillow made of the files of Fixtures/images, written by make_images.py.
struct Golden: Sendable, CustomTestStringConvertible {
  var json: JSONValue

  /// The cases of one kind, in the order of the script.
  static func cases(_ kind: String) -> [Golden] {
    (document[kind]?.array ?? []).map { Golden(json: $0) }
  }

  private static let document: JSONValue = {
    let data = try? Fixtures.data("images/cases.json")
    return (try? JSONValue.parse(data ?? Data(), source: "cases.json")) ?? .null
  }()

  private static let pixels = [UInt8]((try? Fixtures.data("images/pixels.bin")) ?? Data())

  var testDescription: String { json.text() }

  var file: String { json["file"]?.string ?? "" }

  func int(_ key: String) throws -> Int { try #require(json[key]?.int) }

  func ints(_ key: String) throws -> [Int] {
    try #require(json[key]?.array).map { try #require($0.int) }
  }

  /// The image that Pillow made.
  func image() throws -> RGBImage {
    let start = try int("offset")
    let width = try int("width")
    let height = try int("height")
    let end = start + 3 * width * height
    try #require(end <= Self.pixels.count)
    return RGBImage(width: width, height: height, pixels: Array(Self.pixels[start..<end]))
  }

  /// The part of base.png that the case starts from: its top left corner.
  func source() throws -> RGBImage {
    let size = try ints("source")
    let base = try ImageFile.read(Golden.path("base.png"))
    return base.cropped(PixelRectangle(x: 0, y: 0, width: size[0], height: size[1]))
  }

  static func path(_ file: String) -> String { Fixtures.path("images/\(file)") }
}

/// Expects two images to be the same, and says where they first differ and by how much at most.
func expectSame(
  _ image: RGBImage, _ expected: RGBImage, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(image.width == expected.width, sourceLocation: sourceLocation)
  #expect(image.height == expected.height, sourceLocation: sourceLocation)
  guard image.width == expected.width, image.pixels != expected.pixels else { return }
  let differences = zip(image.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }
  let first = (differences.firstIndex { $0 > 0 } ?? 0) / 3
  Issue.record(
    """
    \(differences.count { $0 > 0 }) of \(differences.count) values differ, by up to \
    \(differences.max() ?? 0), first at x \(first % image.width), y \(first / image.width)
    """, sourceLocation: sourceLocation)
}

/// A picture without structure, the same for the same seed.
func noise(width: Int, height: Int, seed: Int = 0) -> RGBImage {
  var random = CounterRandom(seed, width, height)
  let pixels = (0..<3 * width * height).map { _ in UInt8(random.below(256)) }
  return RGBImage(width: width, height: height, pixels: pixels)
}
