import Basics
import Foundation

/// Writes zip archives for tests, honest ones and others: any field of an entry can be changed.
public struct ZipBuilder {
  /// One entry; the fields are written as they stand here.
  public struct Entry {
    public var name: String
    /// The bytes that lie in the archive.
    public var packed: Data
    public var method: UInt16 = 0
    public var flags: UInt16 = 0
    public var checksum: UInt32
    public var packedSize: UInt32
    public var size: UInt32
    /// The name before the bytes, where it is another than in the directory.
    public var localName: String?
    /// The extra field of the directory.
    public var extra = Data()
    /// Where the directory says that the entry starts; nil for where it does.
    public var offset: UInt32?

    /// A stored entry.
    public init(_ name: String, _ content: Data) {
      self.name = name
      packed = content
      checksum = Compression.crc32(content)
      packedSize = UInt32(content.count)
      size = packedSize
    }
  }

  public var entries: [Entry]
  /// The number of entries that the last record gives; nil for the true one.
  public var count: UInt16?
  public var comment = Data()

  public init(_ entries: [Entry]) { self.entries = entries }

  /// The archive.
  public var data: Data {
    var result = Data()
    var directory = Data()
    for entry in entries {
      let start = UInt32(result.count)
      let local = Data((entry.localName ?? entry.name).utf8)
      result += Self.bytes(UInt32(0x0403_4B50)) + Self.bytes(UInt16(20))
      result += Self.common(entry) + Self.bytes(UInt16(local.count)) + Self.bytes(UInt16(0))
      result += local + entry.packed
      let name = Data(entry.name.utf8)
      directory += Self.bytes(UInt32(0x0201_4B50)) + Self.bytes(UInt16(20))
      directory += Self.bytes(UInt16(20)) + Self.common(entry)
      directory += Self.bytes(UInt16(name.count)) + Self.bytes(UInt16(entry.extra.count))
      directory += Data(count: 10) + Self.bytes(entry.offset ?? start) + name + entry.extra
    }
    let start = UInt32(result.count)
    let count = Self.bytes(count ?? UInt16(entries.count))
    result += directory + Self.bytes(UInt32(0x0605_4B50)) + Data(count: 4) + count + count
    result += Self.bytes(UInt32(directory.count)) + Self.bytes(start)
    return result + Self.bytes(UInt16(comment.count)) + comment
  }

  /// A number's bytes, the least significant first.
  public static func bytes(_ number: some FixedWidthInteger) -> Data {
    withUnsafeBytes(of: number.littleEndian) { Data($0) }
  }

  private static func common(_ entry: Entry) -> Data {
    bytes(entry.flags) + bytes(entry.method) + Data(count: 4) + bytes(entry.checksum)
      + bytes(entry.packedSize) + bytes(entry.size)
  }
}
