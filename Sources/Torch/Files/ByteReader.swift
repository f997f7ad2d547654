/// Reads numbers and runs of bytes one after the other, never past the end.
struct ByteReader: Sendable {
  let bytes: [UInt8]
  private(set) var position: Int

  init(_ bytes: some Sequence<UInt8>, from position: Int = 0) {
    self.bytes = Array(bytes)
    self.position = position
  }

  var remaining: Int { bytes.count - position }

  /// The next little-endian number; nil at the end.
  mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
    let size = Number.bitWidth / 8
    guard remaining >= size else { return nil }
    defer { position += size }
    return bytes.withUnsafeBytes {
      Number(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: Number.self))
    }
  }

  /// The next bytes; nil where there are not so many.
  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, count <= remaining else { return nil }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// The bytes up to the next line feed, which is passed over; nil where there is none.
  mutating func line() -> ArraySlice<UInt8>? {
    guard let end = bytes[position...].firstIndex(of: 0x0A) else { return nil }
    defer { position = end + 1 }
    return bytes[position..<end]
  }
}
