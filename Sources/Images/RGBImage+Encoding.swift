import Basics
import CImaging
import Foundation

extension RGBImage {
  /// The image as a JPEG file.
  ///
  /// - Parameters:
  ///   - quality: From 1 to 100, on libjpeg's scale.
  ///   - subsampling: How colour is kept; whole by default.
  /// - Throws: `HoldfastError` of kind `badData` for a side above 65 500 pixels, JPEG's limit.
  public func jpeg(
    quality: Int = 95, subsampling: ChromaSubsampling = .none
  ) throws(HoldfastError) -> Data {
    try encoded { file, message in
      ci_encode_jpeg(
        pixels, Int32(width), Int32(height), Int32(min(max(quality, 1), 100)),
        subsampling == .none ? 0 : 1, subsampling == .both ? 1 : 0, file, message)
    }
  }

  /// The image as an 8-bit RGB PNG file.
  public func png() throws(HoldfastError) -> Data {
    try encoded { file, message in
      ci_encode_png(pixels, Int32(width), Int32(height), file, message)
    }
  }

  private func encoded(
    _ encode: (UnsafeMutablePointer<ci_bytes>, UnsafeMutablePointer<CChar>) -> ci_status
  ) throws(HoldfastError) -> Data {
    var file = ci_bytes()
    var message = CMessage()
    let status = encode(&file, &message.characters)
    defer { ci_free(file.bytes) }
    guard status == CI_OK, let bytes = file.bytes else {
      throw .badData(
        "an image of \(width) x \(height) pixels: \(message.text)",
        remedy: "Scale the image down, or write it in another format.")
    }
    return Data(bytes: bytes, count: file.count)
  }
}
