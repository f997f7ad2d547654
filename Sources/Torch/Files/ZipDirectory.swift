import Basics
import Foundation

/// The central directory of a zip archive: where it lies, and the headers in it.
struct ZipDirectory {
  private let path: String
  private let range: Range<Int>
  private let count: Int

  /// Finds the directory from the record at the end of the file.
  init(of data: Data, path: String) throws(HoldfastError) {
    self.path = path
    let (record, start) = try Self.endRecord(of: data, path)
    var place = record
    var end = start
    if let wide = try Self.wideEndRecord(of: data, before: start, path) {
      (place, end) = wide
    }
    guard let count = Int(exactly: place.count), let size = Int(exactly: place.size),
      let offset = Int(exactly: place.offset), count <= ZipArchive.entryLimit,
      size <= ZipArchive.directoryLimit
    else { throw Self.damaged(path, "its directory is impossibly large") }
    guard offset <= end, end - offset == size else {
      throw Self.damaged(path, "its directory is not where it is said to be")
    }
    range = offset..<end
    self.count = count
  }

  static func damaged(_ path: String, _ what: String) -> HoldfastError {
    .badData("\(path): not a whole zip archive: \(what)", remedy: "Fetch or write the file again.")
  }

  /// The entries in the order of their bytes.
  func entries(in data: Data) throws(HoldfastError) -> [ZipArchive.Entry] {
    var reader = ByteReader(data[range])
    var placed: [(start: Int, entry: ZipArchive.Entry)] = []
    for number in 0..<count {
      guard let header = ZipHeader(central: &reader) else {
        throw Self.damaged(path, "entry \(number + 1) of its directory is cut off or damaged")
      }
      placed.append(try entry(header, in: data))
    }
    guard reader.remaining == 0 else {
      throw Self.damaged(path, "\(reader.remaining) bytes follow the entries of its directory")
    }
    placed.sort { ($0.start, $0.entry.range.upperBound) < ($1.start, $1.entry.range.upperBound) }
    var end = 0
    for (start, entry) in placed {
      guard start >= end else {
        throw Self.damaged(path, "the entry \(entry.name) overlaps another")
      }
      end = entry.range.upperBound
    }
    return placed.map(\.entry)
  }

  /// Checks a header of the directory against the one before the entry's bytes.
  private func entry(
    _ central: ZipHeader, in data: Data
  ) throws(HoldfastError) -> (Int, ZipArchive.Entry) {
    let name = central.name
    guard let start = Int(exactly: central.offset), let packed = Int(exactly: central.packedSize),
      let size = Int(exactly: central.size), start < range.lowerBound
    else { throw Self.damaged(path, "the entry \(name) is impossibly large") }
    guard central.flags & 0x2041 == 0, central.method == 0 || central.method == 8 else {
      throw .badData(
        "\(path): the entry \(name) is encrypted, or packed by method \(central.method)",
        remedy: "Pack the archive again, stored or deflated and without a password.")
    }
    // A header is at most 30 bytes, the name and 64 KiB of extra fields.
    let window = data[start..<min(start + 30 + ZipArchive.nameLimit + 65_536, range.lowerBound)]
    guard window.count >= 30 else {
      throw Self.damaged(path, "the header of \(name) is cut off")
    }
    let lengths = window.dropFirst(26).prefix(4).map { Int($0) }
    let length = 30 + (lengths[0] | lengths[1] << 8) + (lengths[2] | lengths[3] << 8)
    var reader = ByteReader(window.prefix(length))
    guard let local = ZipHeader(local: &reader) else {
      throw Self.damaged(path, "the header of \(name) is cut off or damaged")
    }
    guard local.agrees(with: central) else {
      throw Self.damaged(path, "the header of \(name) and the directory disagree")
    }
    let begin = start + length
    guard packed <= range.lowerBound - begin else {
      throw Self.damaged(path, "the entry \(name) reaches into the directory")
    }
    // Deflate packs at most 1032 to 1.
    let isDeflated = central.method == 8
    guard isDeflated ? size / 1100 <= packed : size == packed else {
      throw Self.damaged(path, "the sizes of the entry \(name) cannot be true")
    }
    return (
      start,
      ZipArchive.Entry(
        name: name, size: size, isDeflated: isDeflated, checksum: central.checksum,
        range: begin..<begin + packed)
    )
  }

  private typealias Place = (count: UInt64, size: UInt64, offset: UInt64)

  /// The record that every archive ends with, and where it starts.
  private static func endRecord(
    of data: Data, _ path: String
  ) throws(HoldfastError) -> (Place, start: Int) {
    // A comment of at most 64 KiB follows the record's 22 bytes.
    let base = max(0, data.count - 22 - 65_535)
    let tail = [UInt8](data[base...])
    for start in stride(from: tail.count - 22, through: 0, by: -1)
    where tail[start] == 0x50 && tail[start + 1] == 0x4B {
      var reader = ByteReader(tail, from: start)
      guard reader.integer(UInt32.self) == 0x0605_4B50,
        let disk = reader.integer(UInt16.self), let firstDisk = reader.integer(UInt16.self),
        let onDisk = reader.integer(UInt16.self), let count = reader.integer(UInt16.self),
        let size = reader.integer(UInt32.self), let offset = reader.integer(UInt32.self),
        let comment = reader.integer(UInt16.self), Int(comment) == reader.remaining
      else { continue }
      guard disk == 0 || disk == .max, firstDisk == 0 || firstDisk == .max, onDisk == count else {
        throw .badData(
          "\(path): an archive of several disks", remedy: "Pack it again as one file.")
      }
      return ((UInt64(count), UInt64(size), UInt64(offset)), base + start)
    }
    throw damaged(path, "its directory is missing")
  }

  /// The zip64 record, which the locator right before the last record points to; nil without one.
  private static func wideEndRecord(
    of data: Data, before end: Int, _ path: String
  ) throws(HoldfastError) -> (Place, start: Int)? {
    guard end >= 20 else { return nil }
    var locator = ByteReader(data[end - 20..<end])
    guard locator.integer(UInt32.self) == 0x0706_4B50 else { return nil }
    guard locator.integer(UInt32.self) == 0, let position = locator.integer(UInt64.self),
      let start = Int(exactly: position), start <= end - 20, end - 20 - start >= 56
    else { throw damaged(path, "its zip64 record is not where it is said to be") }
    var reader = ByteReader(data[start..<start + 56])
    guard reader.integer(UInt32.self) == 0x0606_4B50,
      let size = reader.integer(UInt64.self), size == UInt64(end - 20 - start - 12),
      reader.take(4) != nil,
      reader.integer(UInt32.self) == 0, reader.integer(UInt32.self) == 0,
      let onDisk = reader.integer(UInt64.self), let count = reader.integer(UInt64.self),
      onDisk == count, let length = reader.integer(UInt64.self),
      let offset = reader.integer(UInt64.self)
    else { throw damaged(path, "its zip64 record is damaged") }
    return ((count, length, offset), start)
  }
}
