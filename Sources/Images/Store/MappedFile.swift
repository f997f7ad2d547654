import Foundation

/// The bytes of a file, mapped into memory for reading.
///
/// The file may be removed meanwhile, but must not be made shorter.
final class MappedFile: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer

  /// Maps a file; nil where it cannot be read or is empty.
  init?(_ path: String) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG,
      information.st_size > 0
    else { return nil }
    let count = Int(information.st_size)
    guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED
    else { return nil }
    // A hint only: it reads ahead, and drops what was read.
    _ = madvise(base, count, MADV_SEQUENTIAL)
    bytes = UnsafeRawBufferPointer(start: base, count: count)
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }
}
