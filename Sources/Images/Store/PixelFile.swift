import Basics
import Foundation

/// The preprocessed pixels of a set of images in a file, mapped into memory.
///
/// A page of header, the planes of each image in the order of the set, and a list of the images that
/// could not be read, in JSON. The header holds `HFPIXEL1`, the number of images, their side and the
/// length of the list as 64-bit integers of little endian, the set's digest, and the SHA-256 of all
/// that and the list.
public final class PixelFile: Sendable {
  static let magic = "HFPIXEL1"
  static let headerBytes = 4096

  /// An image that could not be read; its pixels are unset.
  struct Bad: Codable {
    var position: Int
    var reason: String
  }

  private let set: PixelSet
  private let file: MappedFile
  private let bad: [Int: String]

  /// Opens the file of a set; nil where it is missing, damaged, or another set's.
  init?(_ path: String, of set: PixelSet) {
    guard let file = MappedFile(path), file.bytes.count >= Self.headerBytes else { return nil }
    let fields = Array(file.bytes[..<64])
    let sum = Array(file.bytes[64..<96])
    let pixelsEnd = Self.headerBytes + set.byteCount
    let list = file.bytes.count - pixelsEnd
    guard list >= 0, fields == Self.fields(of: set, listBytes: list) else { return nil }
    let json = Data(file.bytes[pixelsEnd...])
    guard sum == Self.checksum(fields, json),
      let entries = try? JSONDecoder().decode([Bad].self, from: json),
      entries.allSatisfy({ set.items.indices.contains($0.position) })
    else { return nil }
    self.set = set
    self.file = file
    bad = Dictionary(entries.map { ($0.position, $0.reason) }) { first, _ in first }
  }

  /// Whether every image of the set could be read.
  public var isComplete: Bool { bad.isEmpty }

  /// The images at some positions of the set, exactly as `ImageLoader` makes a batch of them.
  ///
  /// The pixels are those of the file, without a copy where none was left out.
  public func batch(_ positions: Range<Int>) -> PixelBatch {
    let positions = positions.clamped(to: set.items.indices)
    let length = set.imageBytes
    let kept = positions.filter { bad[$0] == nil }
    let skipped = positions.compactMap { position in
      bad[position].map { PixelBatch.Skipped(path: set.items[position].path, reason: $0) }
    }
    let start = Self.headerBytes + positions.lowerBound * length
    let pixels: PixelBuffer
    if skipped.isEmpty {
      pixels = PixelBuffer(file, start..<start + positions.count * length)
    } else {
      pixels = PixelBuffer(count: kept.count * length)
      for (place, position) in kept.enumerated() {
        let source = Self.headerBytes + position * length
        pixels.fill(place: place, length: length) { target in
          UnsafeMutableRawPointer(target).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: file.bytes[source..<source + length])
              .baseAddress ?? UnsafeRawPointer(target), byteCount: length)
        }
      }
    }
    return PixelBatch(
      pixels: pixels, count: kept.count, size: set.preprocessing.cropSize, positions: Array(kept),
      skipped: skipped)
  }

  /// The first 64 bytes of the header.
  static func fields(of set: PixelSet, listBytes: Int) -> [UInt8] {
    let numbers = [set.items.count, set.preprocessing.cropSize, listBytes]
    return Array(magic.utf8)
      + numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
      + set.digest
  }

  /// The 32 bytes that follow.
  static func checksum(_ fields: [UInt8], _ list: Data) -> [UInt8] {
    var hash = SHA256()
    hash.update(Data(fields))
    hash.update(list)
    return hash.digest
  }
}
