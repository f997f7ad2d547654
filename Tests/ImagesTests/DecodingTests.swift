import Basics
import Foundation
import Images
import TestSupport
import Testing

@Suite struct DecodingTests {
  @Test func everyKindOfFileHasItsCases() {
    #expect(Golden.cases("decode").count > 60)
    for ending in [".jpg", ".png", ".webp"] {
      #expect(Golden.cases("decode").count { $0.file.hasSuffix(ending) } >= 9)
    }
  }

  @Test(arguments: Golden.cases("decode"))
  func pixelsArePillows(_ golden: Golden) throws {
    expectSame(try ImageFile.read(Golden.path(golden.file)), try golden.image())
  }

  @Test func theNameOfAFileIsOfNoImportance() throws {
    let jpeg = try Data(contentsOf: URL(fileURLWithPath: Golden.path("jpeg-named.png")))
    let png = try Data(contentsOf: URL(fileURLWithPath: Golden.path("png-named.jpg")))
    #expect(jpeg.prefix(2) == Data([0xFF, 0xD8]))
    #expect(png.prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
    #expect(try ImageFile.decode(jpeg, name: "a").width == 21)
    #expect(try ImageFile.decode(png, name: "a").width == 20)
  }

  /// A slice of Data does not start at index 0.
  @Test func slicesDecode() throws {
    let file = try Fixtures.data("images/grey.jpg")
    let slice = (Data([1, 2, 3]) + file).dropFirst(3)
    #expect(try ImageFile.decode(slice, name: "a") == ImageFile.decode(file, name: "b"))
  }

  @Test func concurrentDecodingGivesTheSame() throws {
    let files = Golden.cases("decode").map(\.file)
    let results = ResultBox(count: 4 * files.count)
    DispatchQueue.concurrentPerform(iterations: results.count) { index in
      results.set(index, try? ImageFile.read(Golden.path(files[index % files.count])))
    }
    for (index, golden) in Golden.cases("decode").enumerated() {
      let expected = try golden.image()
      for round in 0..<4 { #expect(results[round * files.count + index] == expected) }
    }
  }
}

/// Results that several threads write.
private final class ResultBox: @unchecked Sendable {
  private let lock = NSLock()
  private var images: [RGBImage?]
  let count: Int

  init(count: Int) {
    self.count = count
    images = Array(repeating: nil, count: count)
  }

  func set(_ index: Int, _ image: RGBImage?) {
    lock.withLock { images[index] = image }
  }

  subscript(index: Int) -> RGBImage? { lock.withLock { images[index] } }
}
