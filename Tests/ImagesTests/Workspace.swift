import CImaging
import Foundation
import Images
import Testing

/// The C decoder and resampler, called as the loader calls them.
final class Workspace {
  let c: OpaquePointer

  init() throws {
    c = try #require(ci_workspace_create())
  }

  deinit {
    ci_workspace_free(c)
  }

  /// The pixels of a part of a file; of the whole without one.
  func decode(
    _ file: Data, _ part: PixelRectangle? = nil, instructions: ci_instructions = CI_BEST
  ) throws -> RGBImage {
    try [UInt8](file).withUnsafeBufferPointer { bytes in
      var (width, height) = (Int64(0), Int64(0))
      var message = [CChar](repeating: 0, count: Int(CI_MESSAGE_SIZE))
      try check(
        ci_open(c, bytes.baseAddress, bytes.count, &width, &height, &message), message)
      let part = part ?? PixelRectangle(x: 0, y: 0, width: Int(width), height: Int(height))
      var pixels = [UInt8](repeating: 0xAA, count: 3 * part.width * part.height)
      let rectangle = ci_rectangle(
        x: Int64(part.x), y: Int64(part.y), width: Int64(part.width), height: Int64(part.height))
      try check(ci_read(c, rectangle, &pixels, instructions, &message), message)
      return RGBImage(width: part.width, height: part.height, pixels: pixels)
    }
  }

  /// The planes of a resizing with some instructions, of an image that is just what it needs.
  func resize(
    _ pixels: [UInt8], _ resizing: ci_resizing, _ instructions: ci_instructions
  ) throws -> [UInt8] {
    var resizing = resizing
    let source = ci_resizing_source(&resizing)
    let count = Int(resizing.window.width * resizing.window.height)
    var planes = [UInt8](repeating: 0xAA, count: 3 * count)
    let status = planes.withUnsafeMutableBufferPointer { buffer in
      ci_resize(
        c, &resizing, pixels, 3 * Int(source.width), source,
        ci_planes(bytes: buffer.baseAddress, plane: count, row: Int(resizing.window.width)),
        instructions)
    }
    try #require(status == CI_OK)
    return planes
  }

  private func check(_ status: ci_status, _ message: [CChar]) throws {
    let text = String(
      decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if status != CI_OK { throw Refusal(status: status, text: text) }
  }

  struct Refusal: Error {
    var status: ci_status
    var text: String
  }
}
