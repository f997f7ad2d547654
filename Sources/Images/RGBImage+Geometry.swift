import CImaging

extension RGBImage {
  /// The image resized with Pillow's antialiased bicubic filter, number for number.
  ///
  /// - Parameters:
  ///   - width: The new width in pixels, at least 1.
  ///   - height: The new height in pixels, at least 1.
  public func resized(width: Int, height: Int) -> RGBImage {
    resized(width: width, height: height, box: (0, 0, Float(self.width), Float(self.height)))
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
    return resized(
      width: width, height: height,
      box: (Float(box.left), Float(box.top), Float(box.right), Float(box.bottom)))
  }

  private func resized(
    width: Int, height: Int, box: (Float, Float, Float, Float)
  ) -> RGBImage {
    var resizing = ci_resizing(
      width: Int64(self.width), height: Int64(self.height), box: box, new_width: Int64(width),
      new_height: Int64(height),
      window: PixelRectangle(x: 0, y: 0, width: width, height: height).c)
    return RGBImage(width: width, height: height) { planes, workspace in
      ci_resize(
        workspace, &resizing, pixels, 3 * self.width, bounds.c,
        ci_planes(bytes: planes, plane: width * height, row: width), .chosen) == CI_OK
    }
  }

  /// An image whose planes are computed, with a workspace; a false result means no memory.
  init(
    width: Int, height: Int,
    planes compute: (UnsafeMutablePointer<UInt8>, OpaquePointer) -> Bool
  ) {
    let size = 3 * width * height
    let workspace = ci_workspace_create()
    defer { ci_workspace_free(workspace) }
    let planes = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
    defer { planes.deallocate() }
    let isDone = workspace.map { compute(planes, $0) } ?? false
    precondition(isDone, "no memory to resize an image")
    let pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      ci_join_planes(planes, width * height, buffer.baseAddress)
      count = size
    }
    self.init(width: width, height: height, pixels: pixels)
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

  /// The image with left and right exchanged.
  public func flippedHorizontally() -> RGBImage {
    let result = [UInt8](unsafeUninitializedCapacity: pixels.count) { buffer, count in
      ci_flip_horizontally(pixels, width, height, buffer.baseAddress)
      count = pixels.count
    }
    return RGBImage(width: width, height: height, pixels: result)
  }
}
