/// Appends numbers and texts to bytes: little-endian, texts after their length.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func reserve(_ count: Int) {
    bytes.reserveCapacity(bytes.count + count)
  }

  mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ text: String) {
    append(UInt32(clamping: text.utf8.count))
    appendBytes(of: text)
  }

  /// Appends the bytes of a text without its length.
  mutating func appendBytes(of text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  /// Appends bytes as they are.
  mutating func append(raw bytes: UnsafeRawBufferPointer) {
    self.bytes.append(contentsOf: bytes)
  }

  /// Appends how many there are and then each.
  mutating func append<Element>(
    _ elements: some Collection<Element>, _ each: (inout ByteWriter, Element) -> Void
  ) {
    append(UInt32(clamping: elements.count))
    for element in elements { each(&self, element) }
  }

  /// Appends whether there is a value and then the value.
  mutating func append<Value>(_ value: Value?, _ body: (inout ByteWriter, Value) -> Void) {
    append(UInt8(value == nil ? 0 : 1))
    if let value { body(&self, value) }
  }
}
