import Basics
import Foundation
import Images
import TestSupport
import Testing

/// Files inside archives, and frames that are cut off.
@Suite struct LoadItemTests {
  private let image = RGBImage(
    width: 7, height: 5, pixels: (0..<105).map { UInt8(truncatingIfNeeded: $0 &* 37) })

  /// A file with a PNG between other bytes, and where it lies.
  private func archive(_ folder: String) throws -> FileSlice {
    let png = try image.png()
    let path = folder + "/shard.tar"
    try AtomicFile.write(Data([1, 2, 3]) + png + Data([4, 5]), to: path)
    return FileSlice(file: path, offset: 3, count: png.count)
  }

  @Test func aSliceOfAnArchiveIsAFile() throws {
    try withTemporaryFolder { folder in
      let item = LoadItem(path: "shard.tar/a.png", slice: try archive(folder))
      #expect(try ImageFile.read(item).pixels == image.pixels)
    }
  }

  @Test(arguments: [(3, 1 << 20), (1 << 20, 10), (-1, 10), (3, -1), (Int.max, 10), (3, Int.max)])
  func aSliceBeyondItsArchiveIsAnError(offset: Int, count: Int) throws {
    try withTemporaryFolder { folder in
      var slice = try archive(folder)
      slice.offset = offset
      slice.count = count
      let item = LoadItem(path: "shard.tar/a.png", slice: slice)
      expectProblem(.badData, containing: "shard.tar", "do not reach") {
        try ImageFile.read(item)
      }
    }
  }

  @Test func aBorderIsCutOffBeforeAnythingElse() throws {
    try withTemporaryFolder { folder in
      let slice = try archive(folder)
      let inside = try ImageFile.read(LoadItem(path: "a", slice: slice, border: 2))
      #expect(inside.width == 3 && inside.height == 1)
      #expect(inside.pixels == Array(image.pixels[3 * (2 * 7 + 2)..<3 * (2 * 7 + 5)]))
      expectProblem(.badData, containing: "a", "7 × 5", "border of 3") {
        try ImageFile.read(LoadItem(path: "a", slice: slice, border: 3))
      }
    }
  }

  @Test func theCacheTellsBordersAndSlicesApart() {
    let cache = DecodedImageCache(byteLimit: 1 << 20)
    let plain = LoadItem(path: "a")
    cache.keep(image, of: plain)
    #expect(cache.image(of: LoadItem(path: "a", key: [1])) != nil)
    #expect(cache.image(of: LoadItem(path: "a", border: 2)) == nil)
    let slice = FileSlice(file: "a", offset: 0, count: 1)
    #expect(cache.image(of: LoadItem(path: "a", slice: slice)) == nil)
  }
}
