import Basics
import CImaging

/// How an image of a given size becomes the square that a model sees: a part of it is resized, and
/// a window of the result is put on a black square.
///
/// It is known before the pixels are, so that only those are decoded that it needs.
struct CropPlan {
  /// The part of the image that is resized.
  var part: PixelRectangle
  /// The size that the part gets.
  var width: Int
  var height: Int
  /// Which of the resized pixels are kept.
  var window: PixelRectangle
  /// The side of the square in pixels.
  var side: Int
  /// Where the window's top left corner goes in the square.
  var x = 0
  var y = 0
  /// Whether left and right are exchanged at last.
  var isMirrored = false

  /// The pixels of the image that the window is a function of.
  var source: PixelRectangle {
    var resizing = resizing
    let needed = ci_resizing_source(&resizing)
    return PixelRectangle(
      x: part.x + Int(needed.x), y: part.y + Int(needed.y), width: Int(needed.width),
      height: Int(needed.height))
  }

  /// Computes the square as planes, `3 * side * side` bytes.
  ///
  /// - Parameters:
  ///   - pixels: Interleaved rows without padding, those of the rectangle `held` of the image.
  ///   - held: Contains `source`.
  /// - Returns: False without memory.
  func write(
    _ pixels: UnsafePointer<UInt8>, held: PixelRectangle, to planes: UnsafeMutablePointer<UInt8>,
    _ workspace: OpaquePointer, _ instructions: ci_instructions
  ) -> Bool {
    if window.width < side || window.height < side {
      planes.update(repeating: 0, count: 3 * side * side)
    }
    var resizing = resizing
    let inPart = PixelRectangle(
      x: held.x - part.x, y: held.y - part.y, width: held.width, height: held.height)
    let status = ci_resize(
      workspace, &resizing, pixels, 3 * held.width, inPart.c,
      ci_planes(bytes: planes + y * side + x, plane: side * side, row: side), instructions)
    precondition(status != CI_BAD_DATA, "pixels that the crop needs are not there")
    if status == CI_OK, isMirrored { ci_flip_rows(planes, side, 3 * side) }
    return status == CI_OK
  }

  /// The square that an image becomes; it must be of the size that the plan was made for.
  func apply(_ image: RGBImage) -> RGBImage {
    RGBImage(width: side, height: side) { planes, workspace in
      image.pixels.withUnsafeBufferPointer { pixels in
        guard let base = pixels.baseAddress else { return false }
        return write(base, held: image.bounds, to: planes, workspace, .chosen)
      }
    }
  }

  private var resizing: ci_resizing {
    ci_resizing(
      width: Int64(part.width), height: Int64(part.height),
      box: (0, 0, Float(part.width), Float(part.height)), new_width: Int64(width),
      new_height: Int64(height), window: window.c)
  }
}

extension ci_instructions {
  /// The fastest, unless fast paths are off here.
  static var chosen: ci_instructions { FastPaths.areOn ? CI_BEST : CI_PLAIN }
}

extension PixelRectangle {
  var c: ci_rectangle {
    ci_rectangle(x: Int64(x), y: Int64(y), width: Int64(width), height: Int64(height))
  }
}
