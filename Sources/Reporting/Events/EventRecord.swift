import Foundation

/// The bytes of one record of an event file: TFRecord framing around a protobuf `Event`.
///
/// Framing: length (u64), masked CRC of the length, payload, masked CRC of the payload; all numbers
/// little-endian. Messages: tensorflow/core/util/event.proto and framework/summary.proto.
enum EventRecord {
  /// The record with which every event file begins.
  static func fileVersion(wallTime: Double) -> Data {
    framed(field(1, wallTime) + field(3, Data("brain.Event:2".utf8)))
  }

  /// One scalar at one step.
  static func scalar(_ tag: String, _ value: Float, step: Int64, wallTime: Double) -> Data {
    let entry = field(1, Data(tag.utf8)) + key(2, wireType: 5) + bytes(value.bitPattern)
    let step = key(2, wireType: 0) + varint(UInt64(bitPattern: step))
    return framed(field(1, wallTime) + step + field(5, field(1, entry)))
  }

  private static func framed(_ payload: Data) -> Data {
    let length = bytes(UInt64(payload.count))
    return length + bytes(CRC32C.masked(length)) + payload + bytes(CRC32C.masked(payload))
  }

  private static func key(_ number: UInt64, wireType: UInt64) -> Data {
    varint(number << 3 | wireType)
  }

  private static func field(_ number: UInt64, _ value: Double) -> Data {
    key(number, wireType: 1) + bytes(value.bitPattern)
  }

  private static func field(_ number: UInt64, _ value: Data) -> Data {
    key(number, wireType: 2) + varint(UInt64(value.count)) + value
  }

  private static func varint(_ value: UInt64) -> Data {
    var rest = value
    var result = Data()
    while rest >= 0x80 {
      result.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    result.append(UInt8(truncatingIfNeeded: rest))
    return result
  }

  private static func bytes<T: FixedWidthInteger>(_ value: T) -> Data {
    withUnsafeBytes(of: value.littleEndian) { Data($0) }
  }
}
