import Basics
import CImaging
import Foundation
import Images
import TestSupport
import Testing

/// Decoding a part of a file gives the pixels that the whole has there.
@Suite struct PartialDecodingTests {
  /// Some rectangle inside an image.
  private func part(of image: RGBImage, _ random: inout CounterRandom) -> PixelRectangle {
    let width = 1 + random.below(image.width)
    let height = 1 + random.below(image.height)
    return PixelRectangle(
      x: random.below(image.width - width + 1), y: random.below(image.height - height + 1),
      width: width, height: height)
  }

  private func expectParts(
    of file: Data, like whole: RGBImage, count: Int, seed: Int,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let workspace = try Workspace()
    var random = CounterRandom(seed, file.count)
    for _ in 0..<count {
      let part = part(of: whole, &random)
      expectSame(
        try workspace.decode(file, part), whole.cropped(part), sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: Golden.cases("decode"))
  func everyKindOfFile(_ golden: Golden) throws {
    let file = try Fixtures.data("images/\(golden.file)")
    try expectParts(of: file, like: try golden.image(), count: 20, seed: 1)
  }

  /// Sizes of many blocks, where columns and rows are really left out.
  @Test(arguments: ChromaSubsampling.allCases, [(150, 40), (40, 150), (161, 97), (97, 203)])
  func largerJPEGs(_ subsampling: ChromaSubsampling, _ size: (Int, Int)) throws {
    for image in [noise(width: size.0, height: size.1), smooth(size.0, size.1)] {
      let file = try image.jpeg(quality: 90, subsampling: subsampling)
      let whole = try ImageFile.decode(file, name: "whole")
      try expectParts(of: file, like: whole, count: 60, seed: 2)
    }
  }

  private func smooth(_ width: Int, _ height: Int) -> RGBImage {
    let pixels = (0..<3 * width * height).map { index in
      UInt8(truncatingIfNeeded: 2 * (index / 3 % width) + index / 3 / width + 60 * (index % 3))
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// What a crop leaves out below must be there all the same.
  @Test func aFileThatEndsBelowTheCropIsTruncated() throws {
    try withTemporaryFolder { folder in
      let image = noise(width: 32, height: 320)
      let file = try image.jpeg()
      let path = "\(folder)/high.jpg"
      let preprocessing = Preprocessing(imageSize: 16)
      let batch = { () throws -> PixelBatch? in
        let items = [LoadItem(path: path)]
        return try ImageLoader(items: items, preprocessing: preprocessing, batchSize: 1).next()
      }
      try file.write(to: URL(fileURLWithPath: path))
      #expect(try batch()?.pixels.bytes == preprocessing.apply(ImageFile.read(path)).planes)
      for count in [file.count * 3 / 5, file.count * 9 / 10, file.count - 1] {
        try file.prefix(count).write(to: URL(fileURLWithPath: path))
        expectProblem(.badData, containing: path, "truncated") { try batch() }
      }
      // A marker that has no place in the data, in the part that is left out.
      var marked = file
      let place = file.count * 9 / 10
      marked.replaceSubrange(place..<place + 2, with: [0xFF, 0xC0])
      try marked.write(to: URL(fileURLWithPath: path))
      #expect(throws: HoldfastError.self) { try ImageFile.read(path) }
      #expect(throws: HoldfastError.self) { try batch() }
    }
  }

  @Test func partsOutsideAreRefused() throws {
    let workspace = try Workspace()
    let file = try noise(width: 9, height: 7).png()
    for part in [
      PixelRectangle(x: 8, y: 0, width: 2, height: 1),
      PixelRectangle(x: -1, y: 0, width: 2, height: 1),
      PixelRectangle(x: 0, y: 7, width: 1, height: 1),
    ] {
      #expect(throws: Workspace.Refusal.self) { try workspace.decode(file, part) }
    }
    var message = [CChar](repeating: 0, count: Int(CI_MESSAGE_SIZE))
    let none = ci_rectangle(x: 0, y: 0, width: 1, height: 1)
    var pixel: [UInt8] = [0, 0, 0]
    #expect(ci_read(workspace.c, none, &pixel, CI_BEST, &message) == CI_BAD_DATA)
  }

  /// One workspace serves good files and bad ones, of all kinds and sizes, in any order.
  @Test func aWorkspaceForgetsWhatItReadBefore() throws {
    let workspace = try Workspace()
    var random = CounterRandom(3)
    let cases = Golden.cases("decode")
    for _ in 0..<150 {
      let golden = cases[random.below(cases.count)]
      let file = try Fixtures.data("images/\(golden.file)")
      if random.chance(0.3) {
        _ = try? workspace.decode(file.prefix(random.below(file.count)))
      } else {
        expectSame(try workspace.decode(file), try golden.image())
      }
    }
  }
}
