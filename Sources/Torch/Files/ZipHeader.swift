/// The header of one entry, as the central directory or the entry itself has it.
struct ZipHeader {
  private(set) var name = ""
  private(set) var flags: UInt16 = 0
  /// 0 is stored, 8 is deflated.
  private(set) var method: UInt16 = 0
  private(set) var checksum: UInt32 = 0
  private(set) var packedSize: UInt64 = 0
  private(set) var size: UInt64 = 0
  /// Where the entry's own header starts; 0 in that one.
  private(set) var offset: UInt64 = 0

  /// Reads a header of the central directory; nil where it is cut off or damaged.
  init?(central reader: inout ByteReader) {
    guard reader.integer(UInt32.self) == 0x0201_4B50, reader.take(4) != nil,
      let (nameLength, extraLength) = readCommon(&reader),
      let commentLength = reader.integer(UInt16.self),
      let disk = reader.integer(UInt16.self), disk == 0, reader.take(6) != nil,
      let offset = reader.integer(UInt32.self)
    else { return nil }
    self.offset = UInt64(offset)
    guard readNameAndExtra(&reader, nameLength, extraLength, hasOffset: true),
      reader.take(Int(commentLength)) != nil
    else { return nil }
  }

  /// Reads the header before an entry's bytes; nil where it is cut off or damaged.
  init?(local reader: inout ByteReader) {
    guard reader.integer(UInt32.self) == 0x0403_4B50, reader.take(2) != nil,
      let (nameLength, extraLength) = readCommon(&reader),
      readNameAndExtra(&reader, nameLength, extraLength, hasOffset: false)
    else { return nil }
  }

  /// Whether the header before the bytes says what the directory says.
  ///
  /// Where flag 3 says that checksum and sizes follow the bytes, they may be zero in the header.
  func agrees(with central: ZipHeader) -> Bool {
    guard name == central.name, method == central.method, flags & 0x41 == central.flags & 0x41
    else { return false }
    let isLater = flags & 8 != 0
    return [
      (UInt64(checksum), UInt64(central.checksum)), (packedSize, central.packedSize),
      (size, central.size),
    ].allSatisfy { $0 == $1 || isLater && $0 == 0 }
  }

  private mutating func readCommon(_ reader: inout ByteReader) -> (name: UInt16, extra: UInt16)? {
    guard let flags = reader.integer(UInt16.self), let method = reader.integer(UInt16.self),
      reader.take(4) != nil, let checksum = reader.integer(UInt32.self),
      let packedSize = reader.integer(UInt32.self), let size = reader.integer(UInt32.self),
      let nameLength = reader.integer(UInt16.self), let extraLength = reader.integer(UInt16.self)
    else { return nil }
    self.flags = flags
    self.method = method
    self.checksum = checksum
    self.packedSize = UInt64(packedSize)
    self.size = UInt64(size)
    return (nameLength, extraLength)
  }

  private mutating func readNameAndExtra(
    _ reader: inout ByteReader, _ nameLength: UInt16, _ extraLength: UInt16, hasOffset: Bool
  ) -> Bool {
    guard nameLength <= ZipArchive.nameLimit, let bytes = reader.take(Int(nameLength)),
      let name = String(validating: bytes, as: UTF8.self), !name.isEmpty,
      let extra = reader.take(Int(extraLength))
    else { return false }
    self.name = name
    return readWideFields(ByteReader(extra), hasOffset: hasOffset)
  }

  /// The 64-bit numbers of the extra field 1, which stand for those that are all ones.
  private mutating func readWideFields(_ extra: ByteReader, hasOffset: Bool) -> Bool {
    let most = UInt64(UInt32.max)
    guard packedSize == most || size == most || hasOffset && offset == most else { return true }
    var extra = extra
    while let kind = extra.integer(UInt16.self), let length = extra.integer(UInt16.self),
      let bytes = extra.take(Int(length))
    {
      guard kind == 1 else { continue }
      var fields = ByteReader(bytes)
      for field in [\ZipHeader.size, \.packedSize, \.offset] where self[keyPath: field] == most {
        guard let value = fields.integer(UInt64.self) else { return false }
        self[keyPath: field] = value
      }
      return true
    }
    return false
  }
}
