import Basics
import Foundation

/// Writes the pixels of a set while they are read for the first time.
///
/// Nothing that goes wrong is an error: the file is an aid, and without it the set is read again.
/// What is not finished leaves no file behind.
public final class PixelFileWriter {
  private let set: PixelSet
  private let path: String
  private let temporary: String
  /// Closed, negative, once writing has failed or is done.
  private var descriptor: Int32
  private var position = 0
  private var bad: [PixelFile.Bad] = []

  /// Begins a file in an existing folder; nil where none can be made.
  init?(_ path: String, of set: PixelSet) {
    self.set = set
    self.path = path
    // A process may write two files, and two processes the same.
    temporary = "\(path).\(UUID().uuidString).part"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    if descriptor < 0 { return nil }
  }

  deinit {
    abandon()
  }

  /// Adds the next batch of a loader that reads the set in its order.
  public func append(_ batch: PixelBatch) {
    guard descriptor >= 0 else { return }
    let positions = position..<position + batch.count + batch.skipped.count
    let there = Set(batch.positions)
    let missing = positions.filter { !there.contains($0) }
    guard positions.upperBound <= set.items.count, missing.count == batch.skipped.count else {
      return abandon()
    }
    bad += zip(missing, batch.skipped).map { PixelFile.Bad(position: $0, reason: $1.reason) }
    position = positions.upperBound
    let length = set.imageBytes
    let isWritten = batch.pixels.withUnsafeBytes { bytes in
      if missing.isEmpty { return write(bytes, at: offset(of: positions.lowerBound)) }
      return batch.positions.enumerated().allSatisfy { place, position in
        write(
          UnsafeRawBufferPointer(rebasing: bytes[place * length..<(place + 1) * length]),
          at: offset(of: position))
      }
    }
    if !isWritten { abandon() }
  }

  /// Puts the file in its place, if all of the set was appended and no image changed meanwhile.
  ///
  /// - Returns: Whether it is there.
  @discardableResult
  public func finish() -> Bool {
    // Sorted, so that one set makes one file, byte for byte.
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard descriptor >= 0, position == set.items.count, set.now.digest == set.digest,
      let list = try? encoder.encode(bad)
    else {
      abandon()
      return false
    }
    let fields = PixelFile.fields(of: set, listBytes: list.count)
    var header = fields + PixelFile.checksum(fields, list)
    header += [UInt8](repeating: 0, count: PixelFile.headerBytes - header.count)
    let isWritten =
      list.withUnsafeBytes { write($0, at: offset(of: set.items.count)) }
      && header.withUnsafeBytes { write($0, at: 0) }
    guard isWritten, fsync(descriptor) == 0, rename(temporary, path) == 0 else {
      abandon()
      return false
    }
    close(descriptor)
    descriptor = -1
    return true
  }

  private func offset(of position: Int) -> Int {
    PixelFile.headerBytes + position * set.imageBytes
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
      let count = pwrite(descriptor, base + done, bytes.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  private func abandon() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    unlink(temporary)
  }
}
