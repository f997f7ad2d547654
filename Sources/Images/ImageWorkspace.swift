import Basics
import CImaging
import Foundation

/// What one thread needs to read images one after the other: the memory for a file and its pixels
/// stays for the next, since asking the system for it takes as long as resizing.
final class ImageWorkspace {
  private let decoder = ci_workspace_create()
  private let instructions: ci_instructions
  private var file = GrowingBuffer()
  private var pixels = GrowingBuffer()
  /// The open file's name in messages, its size within the border, and the border.
  private var name = ""
  private var size = (width: 0, height: 0)
  private var border = 0

  init(_ instructions: ci_instructions = .chosen) {
    self.instructions = instructions
  }

  deinit {
    ci_workspace_free(decoder)
  }

  /// Reads a file and its header.
  ///
  /// - Returns: The image's size within the item's border.
  func open(_ item: LoadItem) throws(HoldfastError) -> (width: Int, height: Int) {
    let bytes = try ImageFile.contents(of: item.slice?.file ?? item.path, item.slice, in: &file)
    return try open(bytes, name: item.path, border: item.border)
  }

  /// Reads the header of a file, whose bytes must stay until its pixels are read.
  func open(
    _ bytes: UnsafeRawBufferPointer, name: String, border: Int = 0
  ) throws(HoldfastError) -> (width: Int, height: Int) {
    self.name = name
    self.border = border
    var (width, height) = (Int64(0), Int64(0))
    var message = CMessage()
    let status = ci_open(
      try memory, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, bytes.count, &width,
      &height, &message.characters)
    guard status == CI_OK else { throw failure(status, message.text) }
    size = (Int(width) - 2 * border, Int(height) - 2 * border)
    guard size.width > 0, size.height > 0 else {
      throw .badData(
        "\(name): \(width) × \(height) pixels have no inside within a border of \(border)",
        remedy: "Fetch the file again, or leave it out with --skip-bad.")
    }
    return size
  }

  /// Decodes the whole image that was opened last.
  func image() throws(HoldfastError) -> RGBImage {
    let bounds = bounds
    var problem: HoldfastError?
    let count = 3 * bounds.width * bounds.height
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(HoldfastError) {
        guard let base = buffer.baseAddress else { return }
        try read(bounds, to: base)
        initialized = count
      } catch {
        problem = error
      }
    }
    if let problem { throw problem }
    return RGBImage(width: bounds.width, height: bounds.height, pixels: pixels)
  }

  /// Decodes what a plan for the image that was opened last needs, and writes the square that it
  /// becomes as planes.
  func write(
    _ plan: CropPlan, to planes: UnsafeMutablePointer<UInt8>
  ) throws(HoldfastError) {
    let source = instructions == CI_PLAIN ? bounds : plan.source
    guard let base = pixels.reserve(3 * source.width * source.height) else {
      throw failure(CI_OUT_OF_MEMORY, "no memory for the pixels")
    }
    try read(source, to: base)
    try write(plan, UnsafePointer(base), held: source, to: planes)
  }

  /// Writes the square that an image becomes as planes.
  func write(
    _ plan: CropPlan, _ image: RGBImage, to planes: UnsafeMutablePointer<UInt8>
  ) throws(HoldfastError) {
    let result = image.pixels.withUnsafeBufferPointer { pixels in
      Result { () throws(HoldfastError) in
        guard let base = pixels.baseAddress else { return }
        try write(plan, base, held: image.bounds, to: planes)
      }
    }
    try result.get()
  }

  private func write(
    _ plan: CropPlan, _ pixels: UnsafePointer<UInt8>, held: PixelRectangle,
    to planes: UnsafeMutablePointer<UInt8>
  ) throws(HoldfastError) {
    guard plan.write(pixels, held: held, to: planes, try memory, instructions) else {
      throw failure(CI_OUT_OF_MEMORY, "no memory to resize it")
    }
  }

  /// The image that was opened last, within its border.
  private var bounds: PixelRectangle {
    PixelRectangle(x: 0, y: 0, width: size.width, height: size.height)
  }

  private func read(
    _ part: PixelRectangle, to target: UnsafeMutablePointer<UInt8>
  ) throws(HoldfastError) {
    var message = CMessage()
    let inFile = PixelRectangle(
      x: part.x + border, y: part.y + border, width: part.width, height: part.height)
    let status = ci_read(
      try memory, inFile.c, target, instructions, &message.characters)
    guard status == CI_OK else { throw failure(status, message.text) }
  }

  private var memory: OpaquePointer {
    get throws(HoldfastError) {
      guard let decoder else { throw failure(CI_OUT_OF_MEMORY, "no memory to decode it") }
      return decoder
    }
  }

  private func failure(_ status: ci_status, _ text: String) -> HoldfastError {
    let problem = "\(name): \(text)"
    return switch status {
    case CI_UNKNOWN_FORMAT:
      .badData(problem, remedy: "Convert it to JPEG or PNG, or leave it out with --skip-bad.")
    case CI_TOO_LARGE:
      .badData(problem, remedy: "Scale the image down first, or leave it out with --skip-bad.")
    case CI_OUT_OF_MEMORY:
      HoldfastError(
        .outOfMemory, problem, remedy: "Lower --threads, or scale the image down first.")
    default:
      .badData(problem, remedy: "Fetch the file again, or leave it out with --skip-bad.")
    }
  }
}
