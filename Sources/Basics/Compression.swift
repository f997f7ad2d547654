import CZlib
import Foundation

/// Decompression and checksums by zlib.
public enum Compression {
  /// How deflated bytes are wrapped.
  public enum Wrapping: Sendable {
    /// Nothing around them, as in zip archives.
    case none
    /// The header and checksum of gzip, which may consist of several members.
    case gzip

    fileprivate var windowBits: Int32 { self == .none ? -15 : 15 + 16 }
  }

  /// The bytes that were compressed.
  ///
  /// - Parameters:
  ///   - limit: The most bytes that are accepted.
  ///   - name: The file's name, for the error.
  /// - Throws: `HoldfastError` of kind `badData` where the bytes are damaged, cut off, followed by
  ///   others, or hold more than `limit`.
  public static func inflated(
    _ data: Data, _ wrapping: Wrapping, limit: Int, name: String
  ) throws(HoldfastError) -> Data {
    var stream = z_stream()
    guard
      inflateInit2_(
        &stream, wrapping.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw .internalError("zlib does not start") }
    defer { inflateEnd(&stream) }
    var result = Data()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    // zlib counts its input in 32 bits.
    var rest = data[...]
    while true {
      let piece = rest.prefix(1 << 30)
      var consumed = 0
      var status = Z_OK
      var isTooLong = false
      piece.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
        stream.next_in = UnsafeMutablePointer(
          mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
        stream.avail_in = UInt32(bytes.count)
        repeat {
          let written = buffer.withUnsafeMutableBufferPointer { output in
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(output.count)
            status = inflate(&stream, Z_NO_FLUSH)
            return output.count - Int(stream.avail_out)
          }
          isTooLong = result.count + written > limit
          if !isTooLong { result.append(contentsOf: buffer[..<written]) }
        } while status == Z_OK && !isTooLong && (stream.avail_in > 0 || stream.avail_out == 0)
        consumed = bytes.count - Int(stream.avail_in)
      }
      guard !isTooLong else {
        throw .badData(
          "\(name): unpacks to more than \(limit) bytes", remedy: "Check that it is the right file."
        )
      }
      rest = rest.dropFirst(consumed)
      switch status {
      case Z_STREAM_END where rest.isEmpty: return result
      case Z_STREAM_END where wrapping == .gzip: inflateReset(&stream)
      case Z_OK where !rest.isEmpty, Z_BUF_ERROR where !rest.isEmpty && consumed > 0: continue
      default:
        throw .badData(
          "\(name): the compressed bytes are damaged or cut off", remedy: "Fetch the file again.")
      }
    }
  }

  /// The CRC-32 of zip and gzip.
  public static func crc32(_ data: Data) -> UInt32 {
    data.withUnsafeBytes { crc32($0) }
  }

  /// The CRC-32 of zip and gzip.
  public static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var value: UInt = 0
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
      value = CZlib.crc32(
        value, piece.bindMemory(to: UInt8.self).baseAddress, UInt32(piece.count))
      rest = rest.dropFirst(piece.count)
    }
    return UInt32(truncatingIfNeeded: value)
  }
}
