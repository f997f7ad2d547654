import Basics
import Foundation

/// A folder of the pixels of sets that were read before, so that reading one again decodes nothing.
///
/// The files together stay below a limit; those used least recently go first. Any of them may be
/// deleted at any time.
public struct PixelFolder: Sendable {
  /// The environment variable of the limit in GiB; 0 turns the folder off.
  public static let limitVariable = "HOLDFAST_PIXEL_STORE_LIMIT"
  /// The limit where the variable is not set: 8 GiB.
  public static let defaultByteLimit = 8 << 30

  public let path: String
  public let byteLimit: Int
  /// A set of fewer bytes is not worth a file.
  public let smallest: Int

  /// - Parameter smallest: The default is 16 MiB, a hundred images at 224 pixels.
  public init(path: String, byteLimit: Int = defaultByteLimit, smallest: Int = 16 << 20) {
    self.path = path
    self.byteLimit = byteLimit
    self.smallest = smallest
  }

  /// The folder `pixels` of a cache, with the limit that the environment gives.
  ///
  /// - Returns: nil where it is turned off.
  /// - Throws: `HoldfastError` of kind `usage` for a limit that is not a number of GiB.
  public static func standard(
    cache: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(HoldfastError) -> PixelFolder? {
    var byteLimit = defaultByteLimit
    if let text = environment[limitVariable], !text.isEmpty {
      guard let number = Double(text), number >= 0, number <= 1e6 else {
        throw .usage(
          "\(limitVariable): '\(text)' is not a number of GiB",
          remedy: "Set it to 8, for example, or to 0 to keep no pixels on disk.")
      }
      byteLimit = Int(number * 0x1p30)
    }
    guard byteLimit > 0 else { return nil }
    return PixelFolder(path: "\(cache)/pixels", byteLimit: byteLimit)
  }

  /// Whether a set of so many images is neither too small nor too large to be kept.
  public func takes(_ count: Int, _ preprocessing: Preprocessing) -> Bool {
    let bytes = count * PixelSet.imageBytes(preprocessing)
    return smallest <= bytes && bytes <= byteLimit
  }

  /// The pixels of a set, if they are here; a damaged file is removed.
  public func file(of set: PixelSet) -> PixelFile? {
    let name = "\(path)/\(set.fileName)"
    guard let file = PixelFile(name, of: set) else {
      unlink(name)
      return nil
    }
    // The time of the last use, which decides what goes first.
    utimes(name, nil)
    return file
  }

  /// A writer for the pixels of a set, after others were removed to make room for it.
  ///
  /// - Returns: nil where the limit, the free space or the folder do not allow it. A disk is not
  ///   filled by more than half of what is free.
  public func writer(for set: PixelSet) -> PixelFileWriter? {
    guard takes(set.items.count, set.preprocessing),
      (try? FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true)) != nil,
      makeRoom(for: set.byteCount)
    else { return nil }
    return PixelFileWriter("\(path)/\(set.fileName)", of: set)
  }

  private func makeRoom(for bytes: Int) -> Bool {
    var used = 0
    var files: [(path: String, bytes: Int, lastUse: Date)] = []
    for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
      let file = "\(path)/\(name)"
      guard let facts = try? FileManager.default.attributesOfItem(atPath: file),
        let size = facts[.size] as? Int, let time = facts[.modificationDate] as? Date
      else { continue }
      if name.hasSuffix(".part"), time.timeIntervalSinceNow < -24 * 3600 {
        // Of a process that did not come to an end.
        unlink(file)
        continue
      }
      used += size
      if name.hasSuffix(".hfp") { files.append((file, size, time)) }
    }
    files.sort { $0.lastUse < $1.lastUse }
    let surplus = used + bytes - byteLimit
    var freed = 0
    let leaving = files.prefix { file in
      guard freed < surplus else { return false }
      freed += file.bytes
      return true
    }
    guard freed >= surplus, freeBytes + freed >= 2 * bytes else { return false }
    for file in leaving { unlink(file.path) }
    return true
  }

  private var freeBytes: Int {
    let facts = try? FileManager.default.attributesOfFileSystem(forPath: path)
    return (facts?[.systemFreeSize] as? NSNumber)?.intValue ?? 0
  }
}
