import Basics
import CImaging
import Foundation
import Images
import TestSupport
import Testing

/// With fast paths off, pixels are the same bytes, and nothing is left out or kept.
@Suite struct PlainPathTests {
  @Test(arguments: Golden.cases("decode"))
  func wholeFilesThroughTheirLibraries(_ golden: Golden) throws {
    let file = try Fixtures.data("images/\(golden.file)")
    let expected = try golden.image()
    let workspace = try Workspace()
    expectSame(try workspace.decode(file, instructions: CI_PLAIN), expected)
    var random = CounterRandom(21, file.count)
    for _ in 0..<10 {
      let width = 1 + random.below(expected.width)
      let height = 1 + random.below(expected.height)
      let part = PixelRectangle(
        x: random.below(expected.width - width + 1),
        y: random.below(expected.height - height + 1), width: width, height: height)
      expectSame(
        try workspace.decode(file, part, instructions: CI_PLAIN), expected.cropped(part))
    }
  }

  @Test(arguments: Augmentation.allCases)
  func aLoaderGivesTheSameBytesAndKeepsNothing(_ augmentation: Augmentation) throws {
    let items = Golden.cases("decode").enumerated().flatMap { index, golden in
      [0, 1].map { LoadItem(path: Golden.path(golden.file), key: [index, $0]) }
    }
    func load(_ cache: DecodedImageCache?) throws -> [UInt8] {
      let loader = ImageLoader(
        items: items, preprocessing: Preprocessing(imageSize: 16), augmentation: augmentation,
        batchSize: 8, threads: 2, cache: cache)
      var bytes: [UInt8] = []
      while let batch = try loader.next() { bytes += batch.pixels.bytes }
      return bytes
    }
    let (kept, unused) = (
      DecodedImageCache(byteLimit: 1 << 26), DecodedImageCache(byteLimit: 1 << 26)
    )
    let fast = try load(nil)
    #expect(try load(kept) == fast)
    #expect(try FastPaths.off { try load(nil) } == fast)
    #expect(try FastPaths.off { try load(unused) } == fast)
    #expect(kept.byteCount > 0 && unused.byteCount == 0)
  }

  @Test func bordersAndResizingAreTheSame() throws {
    try withTemporaryFolder { folder in
      for (name, file) in [
        ("a.jpg", try noise(width: 61, height: 47).jpeg()),
        ("a.png", try noise(width: 47, height: 61).png()),
      ] {
        let path = "\(folder)/\(name)"
        try file.write(to: URL(fileURLWithPath: path))
        let item = LoadItem(path: path, border: 2)
        let loaded = { () throws -> [UInt8]? in
          try ImageLoader(
            items: [item], preprocessing: Preprocessing(imageSize: 24), batchSize: 1
          ).next()?.pixels.bytes
        }
        let image = try ImageFile.read(item)
        let fast = (try loaded(), image.resized(width: 20, height: 90))
        let plain = try FastPaths.off {
          #expect(try ImageFile.read(item) == image)
          return (try loaded(), image.resized(width: 20, height: 90))
        }
        #expect(fast == plain)
      }
    }
  }

  @Test func damagedFilesAreRefusedAllTheSame() throws {
    try withTemporaryFolder { folder in
      for file in [try noise(width: 40, height: 90).jpeg(), try noise(width: 40, height: 90).png()]
      {
        let path = "\(folder)/short"
        try file.prefix(file.count * 3 / 4).write(to: URL(fileURLWithPath: path))
        expectProblem(.badData, containing: path) {
          try FastPaths.off { () throws(HoldfastError) in try ImageFile.read(path) }
        }
      }
    }
  }
}
