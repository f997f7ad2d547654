import Basics
import Foundation
import Images
import TestSupport
import Testing

@Suite struct BadFileTests {
  @Test func thereAreFilesToCut() {
    #expect(Golden.cases("prefixes").count > 10)
  }

  /// Every beginning of a file is refused exactly where Pillow refuses it.
  ///
  /// Only PNG differs: Pillow does without the checksums of the pixel data (8 bytes), which libpng
  /// wants.
  @Test(arguments: Golden.cases("prefixes"))
  func cutFilesAreRefused(_ golden: Golden) throws {
    let file = try Fixtures.data("images/\(golden.file)")
    var accepted = try golden.ints("accepted")
    if golden.file.hasSuffix(".png") {
      #expect(accepted == Array(file.count - 20..<file.count))
      accepted.removeAll { $0 < file.count - 12 }
    }
    let ours = (0..<file.count).filter { count in
      (try? ImageFile.decode(file.prefix(count), name: "cut")) != nil
    }
    #expect(ours == accepted)
  }

  @Test(arguments: ["baseline-420.jpg", "rgb-8.png", "lossy.webp"])
  func aCutFileIsNamedAndSaidToBeTruncated(_ name: String) throws {
    let file = try Fixtures.data("images/\(name)")
    try withTemporaryFolder { folder in
      let path = "\(folder)/\(name)"
      try file.prefix(file.count / 2).write(to: URL(fileURLWithPath: path))
      expectProblem(.badData, containing: path, "truncated") { try ImageFile.read(path) }
    }
  }

  @Test func aHeaderOfTooManyPixelsIsRefused() throws {
    let path = Golden.path("bomb.png")
    expectProblem(.badData, containing: path, "60000 x 60000", "178956970") {
      try ImageFile.read(path)
    }
    // The frame header of a JPEG: marker, length 2, precision 1, height 2, width 2.
    var jpeg = try Fixtures.data("images/baseline-420.jpg")
    let frame = try #require(jpeg.range(of: Data([0xFF, 0xC0])))
    jpeg.replaceSubrange(frame.lowerBound + 5..<frame.lowerBound + 9, with: [255, 0, 255, 0])
    expectProblem(.badData, containing: "65280 x 65280") {
      try ImageFile.decode(jpeg, name: "bomb.jpg")
    }
    // The header of lossless WebP: 14 bits of width - 1, 14 bits of height - 1.
    var webp = try Fixtures.data("images/lossless.webp")
    let start = try #require(webp.range(of: Data("VP8L".utf8))).upperBound + 5
    webp.replaceSubrange(start..<start + 3, with: [255, 255, 255])
    webp[start + 3] |= 0x0F
    expectProblem(.badData, containing: "16384 x 16384") {
      try ImageFile.decode(webp, name: "bomb.webp")
    }
  }

  @Test(arguments: [
    ("", "empty"), ("GIF89a......", "GIF"), ("BM..............", "BMP"), ("II*\0....", "TIFF"),
    ("<!DOCTYPE html>", "web page"), ("version https://git-lfs", "Git LFS"),
    ("text", "first bytes"),
    ("RIFF....WAVEfmt ", "first bytes"), ("\u{89}PNG", "first bytes"),
  ])
  func otherFormatsAreNamed(_ content: String, _ words: String) {
    expectProblem(.badData, containing: "some/file.jpg", words) {
      try ImageFile.decode(Data(content.utf8), name: "some/file.jpg")
    }
  }

  @Test func missingFilesAndFoldersAreNoImages() throws {
    try withTemporaryFolder { folder in
      expectProblem(.missingInput, containing: "\(folder)/no.jpg", "No such file") {
        try ImageFile.read("\(folder)/no.jpg")
      }
      expectProblem(.missingInput, containing: folder, "not a file") {
        try ImageFile.read(folder)
      }
      try Data().write(to: URL(fileURLWithPath: "\(folder)/empty.png"))
      expectProblem(.badData, containing: "empty.png", "empty") {
        try ImageFile.read("\(folder)/empty.png")
      }
    }
  }

  /// Bytes that were tampered with give an image or an error, and one that is one line.
  @Test(arguments: Golden.cases("decode").map(\.file))
  func hostileBytesDoNoHarm(_ name: String) throws {
    let file = [UInt8](try Fixtures.data("images/\(name)"))
    var random = CounterRandom(99, file.count)
    for _ in 0..<60 {
      var bytes = file
      for _ in 0...random.below(6) {
        let place = random.below(min(bytes.count, random.chance(0.5) ? 64 : bytes.count))
        bytes[place] = random.chance(0.3) ? 255 : UInt8(random.below(256))
      }
      if random.chance(0.3) { bytes.removeLast(random.below(bytes.count)) }
      // A flipped size can ask for much memory; the limit is tested elsewhere.
      do throws(HoldfastError) {
        let image = try ImageFile.decode(Data(bytes), name: "hostile")
        #expect(image.pixels.count == 3 * image.width * image.height)
      } catch {
        #expect(error.kind == .badData || error.kind == .outOfMemory)
        #expect(!error.problem.contains("\n") && error.problem.hasPrefix("hostile: "))
      }
    }
  }
}
