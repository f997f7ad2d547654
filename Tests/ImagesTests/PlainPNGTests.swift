import Basics
import CImaging
import CZlib
import Foundation
import Images
import TestSupport
import Testing

/// PNG files that are written here byte by byte, with every filter.
@Suite struct PlainPNGTests {
  /// A PNG of 8 bits: filtered rows, and how they are packed.
  private struct Sample {
    var width: Int
    var height: Int
    /// Grey 0, RGB 2, grey with alpha 4, RGBA 6.
    var colour: UInt8
    var rows: [UInt8]
    var pieces = 1
    var damage: (inout Data) -> Void = { _ in }

    var pixelSize: Int { [0: 1, 2: 3, 4: 2, 6: 4][colour] ?? 0 }

    init(_ random: inout CounterRandom, colour: UInt8, width: Int? = nil, height: Int? = nil) {
      self.width = width ?? 1 + random.below(40)
      self.height = height ?? 1 + random.below(40)
      self.colour = colour
      rows = []
      for _ in 0..<self.height {
        rows.append(UInt8(random.below(5)))
        for _ in 0..<self.width * pixelSize { rows.append(UInt8(random.below(256))) }
      }
    }

    /// zlib's format with the rows stored as they are.
    var packed: Data {
      var size = compressBound(uLong(rows.count))
      var bytes = [UInt8](repeating: 0, count: Int(size))
      _ = compress2(&bytes, &size, rows, uLong(rows.count), 1)
      return Data(bytes.prefix(Int(size)))
    }

    var file: Data {
      var data = packed
      damage(&data)
      var file = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
      file += Self.chunk("IHDR", Self.bytes(width) + Self.bytes(height) + [8, colour, 0, 0, 0])
      file += Self.chunk("teXt", Data("a\0b".utf8))
      let step = max(data.count / pieces, 1)
      for start in stride(from: 0, to: data.count, by: step) {
        file += Self.chunk("IDAT", data[start..<min(start + step, data.count)])
      }
      return file + Self.chunk("IEND", Data())
    }

    static func bytes(_ number: Int) -> Data {
      Data((0..<4).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
    }

    static func chunk(_ name: String, _ content: Data) -> Data {
      let body = Data(name.utf8) + content
      let sum = crc32(0, [UInt8](body), uInt(body.count))
      return bytes(content.count) + body + bytes(Int(sum))
    }

    /// The image by the definition of the filters, one byte after the other.
    var image: RGBImage {
      let line = width * pixelSize
      var above = [Int](repeating: 0, count: line)
      var pixels: [UInt8] = []
      for y in 0..<height {
        let filter = rows[y * (line + 1)]
        var row = [Int](repeating: 0, count: line)
        for i in 0..<line {
          let a = i >= pixelSize ? row[i - pixelSize] : 0
          let (b, c) = (above[i], i >= pixelSize ? above[i - pixelSize] : 0)
          let p = a + b - c
          let paeth = [a, b, c].enumerated().min {
            (abs(p - $0.element), $0.offset) < (abs(p - $1.element), $1.offset)
          }
          let prediction = [0, a, b, (a + b) / 2, paeth?.element ?? 0][Int(filter)]
          row[i] = (Int(rows[y * (line + 1) + 1 + i]) + prediction) & 255
        }
        for x in 0..<width {
          for channel in 0..<3 {
            let place = x * pixelSize + (colour & 2 == 0 ? 0 : channel)
            pixels.append(UInt8(row[place]))
          }
        }
        above = row
      }
      return RGBImage(width: width, height: height, pixels: pixels)
    }
  }

  /// Rows inflated all at once where the system has libdeflate, and block by block by zlib.
  private static let ways = [CI_BEST, CI_SSE2]

  @Test(arguments: [0, 2, 4, 6] as [UInt8])
  func everyFilterIsUndone(_ colour: UInt8) throws {
    var random = CounterRandom(21, Int(colour))
    let workspace = try Workspace()
    for round in 0..<40 {
      var sample = Sample(&random, colour: colour)
      sample.pieces = [1, 3, 1000][round % 3]
      let image = sample.image
      let part = PixelRectangle(
        x: image.width / 3, y: image.height / 3, width: max(image.width / 3, 1),
        height: max(image.height / 3, 1))
      for way in Self.ways {
        expectSame(try workspace.decode(sample.file, instructions: way), image)
        expectSame(
          try workspace.decode(sample.file, part, instructions: way), image.cropped(part))
      }
    }
  }

  /// More rows than fit into one block of the reader.
  @Test func largeFilesAreReadBlockByBlock() throws {
    var random = CounterRandom(22)
    var sample = Sample(&random, colour: 2, width: 700, height: 230)
    sample.pieces = 40
    let workspace = try Workspace()
    for way in Self.ways {
      expectSame(try workspace.decode(sample.file, instructions: way), sample.image)
    }
  }

  /// Whole files and parts of them are refused alike.
  @Test func damagedFilesAreRefused() throws {
    var random = CounterRandom(23)
    let workspace = try Workspace()
    let plain = Sample(&random, colour: 2, width: 20, height: 20)
    var samples: [String: Sample] = [:]
    for name in ["filter", "checksum", "short", "data"] { samples[name] = plain }
    samples["filter"]?.rows[61 * 19] = 5
    samples["checksum"]?.damage = { $0[$0.count - 1] ^= 1 }
    samples["short"]?.rows.removeLast(61)
    samples["data"]?.damage = { $0[$0.count / 2] ^= 0xFF }
    var files = samples.mapValues(\.file)
    var chunk = plain.file
    chunk[chunk.count - 13] ^= 1
    files["chunk checksum"] = chunk
    files["header"] = Data(plain.file.prefix(19) + [1] + plain.file.dropFirst(20))
    for (name, file) in files.sorted(by: { $0.key < $1.key }) {
      expectProblem(.badData, containing: name, "PNG") {
        try ImageFile.decode(file, name: name)
      }
      for way in Self.ways {
        #expect(throws: Workspace.Refusal.self, "\(name)") {
          try workspace.decode(
            file, PixelRectangle(x: 2, y: 2, width: 3, height: 3), instructions: way)
        }
      }
    }
  }

  /// What follows the pixels is not looked at, as in Pillow.
  @Test func whatFollowsThePixelsIsIgnored() throws {
    var random = CounterRandom(24)
    var sample = Sample(&random, colour: 6)
    let file = sample.file
    expectSame(try ImageFile.decode(file.dropLast(12), name: "no end"), sample.image)
    expectSame(try ImageFile.decode(file + Data("more".utf8), name: "more"), sample.image)
    sample.damage = { $0 += Data([1, 2, 3]) }
    for way in Self.ways {
      expectSame(try Workspace().decode(sample.file, instructions: way), sample.image)
    }
  }
}
