/// Reads what `ByteWriter` wrote, and nil where the bytes do not reach.
struct ByteReader {
  private var rest: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) {
    rest = bytes
  }

  /// Whether everything was read.
  var isAtEnd: Bool { rest.isEmpty }

  mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type = Number.self
  ) -> Number? {
    guard let bytes = take(MemoryLayout<Number>.size) else { return nil }
    return Number(littleEndian: bytes.loadUnaligned(as: Number.self))
  }

  mutating func text() -> String? {
    guard let count = number(UInt32.self), let bytes = take(Int(count)) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A whole number that is no count of bytes.
  mutating func int() -> Int? {
    number(Int64.self).flatMap { Int(exactly: $0) }
  }

  mutating func array<Element>(_ each: (inout ByteReader) -> Element?) -> [Element]? {
    guard let count = number(UInt32.self), Int(count) <= rest.count else { return nil }
    var elements: [Element] = []
    elements.reserveCapacity(Int(count))
    for _ in 0..<count {
      guard let element = each(&self) else { return nil }
      elements.append(element)
    }
    return elements
  }

  /// A value that may have been nil; the outer nil stands for damage.
  mutating func optional<Value>(_ body: (inout ByteReader) -> Value?) -> Value?? {
    switch number(UInt8.self) {
    case 0: return .some(nil)
    case 1:
      guard let value = body(&self) else { return nil }
      return .some(value)
    default: return nil
    }
  }

  /// So many numbers, as they lie.
  mutating func column<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type, count: Int
  ) -> Column<Number>? {
    let (size, isTooLarge) = count.multipliedReportingOverflow(by: MemoryLayout<Number>.size)
    guard !isTooLarge, let bytes = take(size) else { return nil }
    return Column(bytes: bytes)
  }

  /// The next bytes.
  mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
    guard count >= 0, count <= rest.count else { return nil }
    let bytes = UnsafeRawBufferPointer(rebasing: rest.prefix(count))
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
    return bytes
  }

  /// Numbers one after the other in bytes that need not be aligned.
  struct Column<Number: FixedWidthInteger & BitwiseCopyable> {
    fileprivate let bytes: UnsafeRawBufferPointer

    subscript(index: Int) -> Number {
      Number(
        littleEndian: bytes.loadUnaligned(
          fromByteOffset: index * MemoryLayout<Number>.size, as: Number.self))
    }
  }
}
