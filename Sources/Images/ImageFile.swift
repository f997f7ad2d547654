import Basics
import CImaging
import Foundation

/// Reading JPEG, PNG and WebP files, told apart by their first bytes and never by their names.
///
/// The pixels are those of Pillow's `Image.open(path).convert("RGB")`: full decoding with
/// libjpeg-turbo's exact settings, alpha dropped, no rotation by EXIF, no colour management.
public enum ImageFile {
  /// The largest file that is read, in bytes.
  public static let byteLimit = 1 << 30

  /// What inflates the pixels of PNG files: libdeflate where the system has it, in less than half of
  /// the time that zlib takes.
  public static var inflater: String { ci_has_libdeflate() != 0 ? "libdeflate" : "zlib" }

  /// Reads and decodes a file.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput` for a file that cannot be opened, `badData`
  ///   for one that is truncated, damaged, of another format, or of more than 178 956 970 pixels
  ///   (Pillow's limit).
  public static func read(_ path: String) throws(HoldfastError) -> RGBImage {
    try read(LoadItem(path: path))
  }

  /// Reads and decodes what an item names, and cuts its border off.
  ///
  /// - Throws: As `read(_:)`, and `badData` where nothing would be left within the border.
  public static func read(_ item: LoadItem) throws(HoldfastError) -> RGBImage {
    let workspace = ImageWorkspace()
    _ = try workspace.open(item)
    return try workspace.image()
  }

  /// Decodes the bytes of a file.
  ///
  /// - Parameter name: The file's name, for the error.
  public static func decode(_ bytes: Data, name: String) throws(HoldfastError) -> RGBImage {
    // Data's closure cannot throw a typed error.
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(HoldfastError) in try decode(buffer, name: name) }
    }
    return try result.get()
  }

  /// Decodes the bytes of a file.
  ///
  /// - Parameter name: The file's name, for the error.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer, name: String
  ) throws(HoldfastError) -> RGBImage {
    let workspace = ImageWorkspace()
    _ = try workspace.open(bytes, name: name)
    return try workspace.image()
  }

  /// The bytes of a file or of a slice of it, which stay until the buffer is used again.
  static func contents(
    of path: String, _ slice: FileSlice?, in buffer: inout GrowingBuffer
  ) throws(HoldfastError) -> UnsafeRawBufferPointer {
    // O_NONBLOCK: opening a pipe by mistake must not hang; it changes nothing for a file.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw unreadable(path, errno) }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw unreadable(path, errno) }
    guard information.st_mode & S_IFMT == S_IFREG else {
      throw .missingInput(
        "\(path): not a file", remedy: "Give the path of an image file, not of a folder.")
    }
    let whole = Int(information.st_size)
    let offset = slice?.offset ?? 0
    let size = slice?.count ?? whole
    guard offset >= 0, size >= 0, offset <= whole, size <= whole - offset else {
      throw .badData(
        "\(path): \(whole) bytes do not reach to byte \(offset) + \(size)",
        remedy: "Fetch the archive again.")
    }
    guard size <= byteLimit else {
      throw .badData(
        "\(path): \(size) bytes are more than the limit of \(byteLimit) for an image",
        remedy: "Scale the image down first, or leave it out with --skip-bad.")
    }
    guard let bytes = buffer.reserve(size) else { throw unreadable(path, ENOMEM) }
    var position = 0
    while position < size {
      let count = pread(
        descriptor, bytes + position, size - position, off_t(offset + position))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw unreadable(path, count < 0 ? errno : EIO) }
      position += count
    }
    return UnsafeRawBufferPointer(start: bytes, count: size)
  }

  private static func unreadable(_ path: String, _ code: Int32) -> HoldfastError {
    .missingInput(
      "\(path): cannot be read (\(String(cString: strerror(code))))",
      remedy: "Check that the path is right and that you may read it.")
  }
}
