import Basics
import Benchmarks
import Foundation
import Images
import TestSupport
import Testing

@Suite struct MiniDomainsImageTests {
  typealias Domain = MiniDomains.Domain

  @Test func imagesDependOnTheirSceneOnly() {
    let pool = MiniDomains.PretrainingPool(count: 150, seed: 3)
    #expect(pool.pixels.count == 150 * 3072)
    let renderer = MiniRenderer()
    for index in (0..<150).reversed() {
      let image = renderer.image(of: pool.scenes[index])
      #expect(image.pixels == Array(pool.pixels[index * 3072..<(index + 1) * 3072]))
    }
    let (image, scene) = MiniDomains.pretrainingImage(31, seed: 3)
    #expect(scene == pool.scenes[31])
    #expect(image.pixels == renderer.image(of: scene).pixels)
    #expect(image.width == 32 && image.height == 32)
  }

  @Test func anEmptyPoolIsEmpty() {
    #expect(MiniDomains.PretrainingPool(count: 0, seed: 1).pixels.isEmpty)
  }

  /// An image as 8 x 8 brightness values from 0 to 15.
  private func thumbnail(_ image: RGBImage) -> [Int] {
    (0..<64).map { cell in
      var sum = 0
      for pixel in 0..<16 {
        let x = 4 * (cell % 8) + pixel % 4
        let y = 4 * (cell / 8) + pixel / 4
        sum += image.pixels[3 * (32 * y + x)..<3 * (32 * y + x) + 3].reduce(0) { $0 + Int($1) }
      }
      return sum * 16 / (16 * 3 * 256)
    }
  }

  /// Thumbnails as they were when the version was fixed; a change needs a new version.
  @Test(arguments: GoldenThumbnail.all)
  func imagesAreThoseOfTheVersion(golden: GoldenThumbnail) {
    #expect(MiniDomains.version == 1)
    let scene = MiniDomains.scene(domain: golden.domain, split: .test, index: golden.index)
    let found = thumbnail(MiniRenderer().image(of: scene))
    let digits = found.map { String($0, radix: 16) }.joined()
    let expected = golden.digits.compactMap(\.hexDigitValue)
    #expect(expected.count == 64)
    // Rounding may move a value over the edge of its sixteenth.
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1 }, "\(digits)")
    #expect(zip(found, expected).count { $0 != $1 } <= 6, "\(digits)")
  }

  /// Where a clipart image differs from its plain ground, at every second row and column.
  private func mask(_ image: RGBImage) -> [Double] {
    let ground = image.pixels.prefix(3).map(Int.init)
    return (0..<256).map { cell in
      let pixel = 64 * (cell / 16) + 2 * (cell % 16)
      let far = (0..<3).contains { abs(Int(image.pixels[3 * pixel + $0]) - ground[$0]) > 40 }
      return far ? 1 : 0
    }
  }

  @Test func classesDifferInShape() {
    let renderer = MiniRenderer()
    var means = [[Double]](repeating: [Double](repeating: 0, count: 256), count: 20)
    for index in 0..<400 {
      let scene = MiniDomains.scene(domain: .clipart, split: .train, index: index)
      for (pixel, value) in mask(renderer.image(of: scene)).enumerated() {
        means[scene.label][pixel] += value / 20
      }
    }
    func distance(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    for (first, second) in (0..<20).flatMap({ a in (0..<a).map { (a, $0) } }) {
      #expect(
        distance(means[first], means[second]) > 3,
        "\(MiniDomains.classNames[first]) and \(MiniDomains.classNames[second])")
    }
    var right = 0
    for index in 0..<200 {
      let scene = MiniDomains.scene(domain: .clipart, split: .test, index: index)
      let mask = mask(renderer.image(of: scene))
      let guess = (0..<20).min { distance(means[$0], mask) < distance(means[$1], mask) }
      if guess == scene.label { right += 1 }
    }
    // Flips and turns blur the mean shapes; chance is 10 of 200.
    #expect(right > 90, "\(right)")
  }

  @Test(arguments: Domain.allCases)
  func stylesLookLikeTheirDomain(domain: Domain) {
    let renderer = MiniRenderer()
    var colourful = 0.0
    var white = 0.0
    for index in 0..<20 {
      let image = renderer.image(of: MiniDomains.scene(domain: domain, split: .test, index: index))
      for pixel in stride(from: 0, to: 3072, by: 3) {
        let rgb = image.pixels[pixel..<pixel + 3]
        colourful += Double((rgb.max() ?? 0) - (rgb.min() ?? 0)) / (255 * 1024 * 20)
        white += (rgb.min() ?? 0) == 255 ? 1.0 / (1024 * 20) : 0
      }
    }
    switch domain {
    case .sketch: #expect(colourful == 0 && white < 0.1)
    case .quickdraw: #expect(colourful == 0 && white > 0.6)
    case .clipart: #expect(colourful > 0.1 && white > 0.2)
    case .real, .painting, .infograph: #expect(colourful > 0.1 && white < 0.1)
    }
  }
}
