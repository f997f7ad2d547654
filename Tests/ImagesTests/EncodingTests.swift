import Basics
import Images
import TestSupport
import Testing

@Suite struct EncodingTests {
  @Test(arguments: [(1, 1), (5, 3), (64, 33)])
  func pngKeepsEveryPixel(_ width: Int, _ height: Int) throws {
    let image = noise(width: width, height: height)
    let file = try image.png()
    #expect(try ImageFile.decode(file, name: "a.png") == image)
    #expect(try image.png() == file)
  }

  @Test(arguments: ChromaSubsampling.allCases)
  func jpegComesClose(_ subsampling: ChromaSubsampling) throws {
    let image = try ImageFile.read(Golden.path("base.png")).resized(width: 50, height: 41)
    let file = try image.jpeg(quality: 95, subsampling: subsampling)
    let decoded = try ImageFile.decode(file, name: "a.jpg")
    #expect((decoded.width, decoded.height) == (50, 41))
    let limit = subsampling == .none ? 4.0 : 14.0
    #expect(meanDifference(image, decoded) < limit)
    #expect(try image.jpeg(quality: 30, subsampling: subsampling).count < file.count)
  }

  /// Green is carried by brightness, but a red and blue checkerboard is lost by halving colour.
  @Test func subsamplingIsAsAsked() throws {
    var pixels: [UInt8] = []
    for y in 0..<16 {
      for x in 0..<16 { pixels += (x + y) % 2 == 0 ? [200, 80, 40] : [60, 80, 240] }
    }
    let image = RGBImage(width: 16, height: 16, pixels: pixels)
    let errors = try [ChromaSubsampling.none, .horizontal, .both].map { subsampling in
      meanDifference(
        image,
        try ImageFile.decode(try image.jpeg(quality: 100, subsampling: subsampling), name: "a"))
    }
    #expect(errors[0] < 3 && errors[1] > 20 && errors[2] > 20)
  }

  @Test func qualityOutOfRangeIsClamped() throws {
    let image = noise(width: 8, height: 8)
    #expect(try image.jpeg(quality: 1000) == image.jpeg(quality: 100))
    #expect(try image.jpeg(quality: .min) == image.jpeg(quality: 1))
  }

  @Test func jpegHasALargestSide() {
    let image = RGBImage(width: 70_000, height: 1, pixels: Array(repeating: 0, count: 210_000))
    expectProblem(.badData, containing: "70000 x 1", "65500") { try image.jpeg() }
  }

  private func meanDifference(_ a: RGBImage, _ b: RGBImage) -> Double {
    let sum = zip(a.pixels, b.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    return Double(sum) / Double(a.pixels.count)
  }
}
