import CImaging

extension RGBImage {
  /// The image resized with Pillow's antialiased bicubic filter, number for number.
  ///
  /// - Parameters:
  ///   - width: The new width in pixels, at least 1.
  ///   - height: The new height in pixels, at least 1.
  public func resized(width: Int, height: Int) -> RGBImage {
    resized(bounds, width: width, height: height)
  }

  /// A part of the image resized as Pillow's `resize(size, BICUBIC, box=…)` does it.
  ///
  /// Pixels outside of the box, where there are any, weigh in at its edges; to crop first, as
  /// torchvision does, use `cropped` and then `resized`.
  public func resized(
    width: Int, height: Int, box: (left: Double, top: Double, right: Double, bottom: Double)
  ) -> RGBImage {
    precondition(
      0 <= box.left && box.left < box.right && box.right <= Double(self.width)
        && 0 <= box.top && box.top < box.bottom && box.bottom <= Double(self.height),
      "the box must lie inside the image")
    return resampled(
      bounds, box: [Float(box.left), Float(box.top), Float(box.right), Float(box.bottom)],
      width: width, height: height,
      window: PixelRectangle(x: 0, y: 0, width: width, height: height))
  }

  /// `cropped(part).resized(width:height:)`, of which only a window is computed.
  func resized(
    _ part: PixelRectangle, width: Int, height: Int, window: PixelRectangle? = nil
  ) -> RGBImage {
    resampled(
      part, box: [0, 0, Float(part.width), Float(part.height)], width: width, height: height,
      window: window ?? PixelRectangle(x: 0, y: 0, width: width, height: height))
  }

  private func resampled(
    _ part: PixelRectangle, box: [Float], width: Int, height: Int, window: PixelRectangle
  ) -> RGBImage {
    let whole = PixelRectangle(x: 0, y: 0, width: width, height: height)
    precondition(bounds.contains(part) && whole.contains(window), "a rectangle outside")
    let size = 3 * window.width * window.height
    let result = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      let status = pixels.withUnsafeBufferPointer { source in
        ci_resize_bicubic(
          source.baseAddress.map { $0 + 3 * (part.y * self.width + part.x) },
          Int64(part.width), Int64(part.height), 3 * self.width, box,
          Int64(width), Int64(height), window.c, buffer.baseAddress)
      }
      precondition(status == CI_OK, "no memory to resize an image")
      count = size
    }
    return RGBImage(width: window.width, height: window.height, pixels: result)
  }

  /// A part of the image, which must lie inside it.
  public func cropped(_ part: PixelRectangle) -> RGBImage {
    precondition(bounds.contains(part), "a crop must lie inside the image")
    var result: [UInt8] = []
    result.reserveCapacity(3 * part.width * part.height)
    for y in part.y..<part.y + part.height {
      let start = 3 * (y * width + part.x)
      result.append(contentsOf: pixels[start..<start + 3 * part.width])
    }
    return RGBImage(width: part.width, height: part.height, pixels: result)
  }

  /// The image on a larger black canvas, its top left corner at the given place.
  func padded(width: Int, height: Int, x: Int, y: Int) -> RGBImage {
    var result = [UInt8](repeating: 0, count: 3 * width * height)
    for row in 0..<self.height {
      let start = 3 * ((y + row) * width + x)
      let source = 3 * row * self.width
      result.replaceSubrange(
        start..<start + 3 * self.width, with: pixels[source..<source + 3 * self.width])
    }
    return RGBImage(width: width, height: height, pixels: result)
  }

  /// The image with left and right exchanged.
  public func flippedHorizontally() -> RGBImage {
    let result = [UInt8](unsafeUninitializedCapacity: pixels.count) { buffer, count in
      ci_flip_horizontally(pixels, width, height, buffer.baseAddress)
      count = pixels.count
    }
    return RGBImage(width: width, height: height, pixels: result)
  }
}

extension PixelRectangle {
  fileprivate var c: ci_rectangle {
    ci_rectangle(x: Int64(x), y: Int64(y), width: Int64(width), height: Int64(height))
  }
}
