/// A block of bytes that does not change once others can see it.
public final class PixelBuffer: @unchecked Sendable {
  /// The number of bytes that can be read.
  public private(set) var count: Int
  private let storage: UnsafeMutableRawBufferPointer
  /// The file whose bytes these are; nil where the memory is our own.
  private let file: MappedFile?

  /// A block of unset bytes.
  init(count: Int) {
    self.count = count
    storage = .allocate(byteCount: count, alignment: 64)
    file = nil
  }

  /// Bytes of a file, which can only be read.
  init(_ file: MappedFile, _ range: Range<Int>) {
    count = range.count
    storage = UnsafeMutableRawBufferPointer(
      mutating: UnsafeRawBufferPointer(rebasing: file.bytes[range]))
    self.file = file
  }

  /// A block with the given bytes.
  public convenience init(_ bytes: [UInt8]) {
    self.init(count: bytes.count)
    storage.copyBytes(from: bytes)
  }

  deinit {
    if file == nil { storage.deallocate() }
  }

  /// Calls the closure with the bytes, which it must not keep.
  public func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try body(UnsafeRawBufferPointer(rebasing: storage[..<count]))
  }

  /// A copy of the bytes.
  public var bytes: [UInt8] {
    withUnsafeBytes { Array($0) }
  }

  /// Calls the closure with the `length` bytes of one place, which it must set; several places may
  /// be filled at the same time.
  func fill<E: Error>(
    place: Int, length: Int, _ body: (UnsafeMutablePointer<UInt8>) throws(E) -> Void
  ) throws(E) {
    precondition(place >= 0 && (place + 1) * length <= count, "an image outside of its batch")
    guard let base = storage.baseAddress else { return }
    try body((base + place * length).assumingMemoryBound(to: UInt8.self))
  }

  /// Keeps only the given places, in rising order, of `length` bytes each.
  func keep(places: [Int], length: Int) {
    guard let base = storage.baseAddress else { return }
    for (new, old) in places.enumerated() where new != old {
      (base + new * length).copyMemory(from: base + old * length, byteCount: length)
    }
    count = places.count * length
  }
}
