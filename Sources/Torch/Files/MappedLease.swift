import Foundation

/// Some bytes of a mapped file while a tensor stands on them.
///
/// Afterwards their pages are given back, so that reading a checkpoint does not hold it in memory
/// twice; whoever reads them again gets them from the file.
final class MappedLease {
  private let bytes: UnsafeRawBufferPointer
  private let data: Data

  /// - Parameters:
  ///   - bytes: A part of `data`.
  ///   - alignment: What their address must be a multiple of.
  /// - Returns: Nil where a copy is as good, being small, or needed, lying askew.
  init?(_ bytes: UnsafeRawBufferPointer, of data: Data, alignment: Int) {
    guard bytes.count >= 1 << 16, let base = bytes.baseAddress,
      UInt(bitPattern: base) % UInt(max(alignment, 1)) == 0
    else { return nil }
    self.bytes = bytes
    self.data = data
  }

  deinit {
    let page = Int(getpagesize())
    guard let base = bytes.baseAddress else { return }
    // Only pages that are wholly inside.
    let start = (Int(bitPattern: base) + page - 1) / page * page
    let end = (Int(bitPattern: base) + bytes.count) / page * page
    guard end > start, let address = UnsafeMutableRawPointer(bitPattern: start) else { return }
    _ = madvise(address, end - start, Int32(MADV_DONTNEED))
  }
}
