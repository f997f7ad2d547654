import Basics
import Images
import TestSupport
import Testing

@Suite struct GeometryTests {
  @Test func everyKindHasItsCases() {
    for (kind, count) in ["resize": 18, "box": 4, "preprocess": 19, "parts": 48] {
      #expect(Golden.cases(kind).count == count, "\(kind)")
    }
  }

  @Test(arguments: Golden.cases("resize"))
  func resizingIsPillows(_ golden: Golden) throws {
    let expected = try golden.image()
    expectSame(
      try golden.source().resized(width: expected.width, height: expected.height), expected)
  }

  @Test(arguments: Golden.cases("box"))
  func resizingABoxIsPillows(_ golden: Golden) throws {
    let box = try #require(golden.json["box"]?.array).compactMap(\.double)
    try #require(box.count == 4)
    let base = try ImageFile.read(Golden.path("base.png"))
    expectSame(
      base.resized(width: 24, height: 18, box: (box[0], box[1], box[2], box[3])),
      try golden.image())
  }

  @Test(arguments: Golden.cases("preprocess"))
  func preprocessingIsTorchvisionsWithPillow(_ golden: Golden) throws {
    let preprocessing = Preprocessing(
      resizeShortSide: try golden.int("short_side"), cropSize: try golden.int("crop"))
    expectSame(preprocessing.apply(try golden.source()), try golden.image())
  }

  @Test(arguments: Golden.cases("parts"))
  func randomPartsAreTorchvisions(_ golden: Golden) throws {
    let size = try golden.ints("source")
    let part = try golden.ints("part")
    var random = CounterRandom(key: try golden.ints("key"))
    #expect(
      Augmentation.randomPart(width: size[0], height: size[1], random: &random)
        == PixelRectangle(x: part[0], y: part[1], width: part[2], height: part[3]))
    #expect(random.chance(0.5) == golden.json["flips"]?.bool)
  }

  @Test(arguments: Golden.cases("parts").filter { $0.json["offset"] != nil })
  func augmentedPixelsArePillows(_ golden: Golden) throws {
    var random = CounterRandom(key: try golden.ints("key"))
    let image = Augmentation.randomResizedCropFlip.apply(
      try golden.source(), preprocessing: Preprocessing(imageSize: 24), random: &random)
    expectSame(image, try golden.image())
  }

  /// An image of one row would be millions of pixels wide after resizing; only the crop is made.
  @Test func extremeShapesCostLittle() {
    let row = RGBImage(width: 1_000_000, height: 1, pixels: Array(repeating: 9, count: 3_000_000))
    let column = RGBImage(width: 1, height: 1_000_000, pixels: row.pixels)
    for image in [row, column] {
      #expect(Preprocessing().apply(image).pixels.allSatisfy { $0 == 9 })
    }
  }

  @Test func croppingTakesTheRectangle() {
    let image = noise(width: 9, height: 7)
    let part = image.cropped(PixelRectangle(x: 2, y: 3, width: 4, height: 2))
    for y in 0..<2 {
      for x in 0..<12 {
        #expect(part.pixels[12 * y + x] == image.pixels[27 * (y + 3) + 6 + x])
      }
    }
    #expect(image.cropped(image.bounds) == image)
  }

  @Test(arguments: [
    (PixelRectangle(x: 0, y: 0, width: 5, height: 4), true),
    (PixelRectangle(x: 4, y: 3, width: 1, height: 1), true),
    (PixelRectangle(x: 4, y: 3, width: 2, height: 1), false),
    (PixelRectangle(x: -1, y: 0, width: 2, height: 1), false),
    (PixelRectangle(x: 0, y: 0, width: 0, height: 1), false),
    (PixelRectangle(x: .max, y: 0, width: 1, height: 1), false),
  ])
  func rectanglesContain(_ part: PixelRectangle, _ isInside: Bool) {
    #expect(PixelRectangle(x: 0, y: 0, width: 5, height: 4).contains(part) == isInside)
  }

  @Test func flippingMirrorsRows() {
    let image = RGBImage(
      width: 3, height: 2,
      pixels: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18])
    let flipped = image.flippedHorizontally()
    #expect(flipped.pixels == [7, 8, 9, 4, 5, 6, 1, 2, 3, 16, 17, 18, 13, 14, 15, 10, 11, 12])
    #expect(flipped.flippedHorizontally() == image)
  }

  @Test func planesAreSeparated() {
    let image = RGBImage(width: 1, height: 2, pixels: [1, 2, 3, 4, 5, 6])
    #expect(image.planes == [1, 4, 2, 5, 3, 6])
  }
}
