import Basics
import Foundation

/// A list of images and what becomes of their pixels, as far as files tell.
///
/// Two sets have the same digest where the items' files have the same paths, sizes and times of
/// change, the same parts of them are read, and preprocessing gives the same bytes.
public struct PixelSet: Sendable {
  /// What is stored; its `key` is of no importance.
  public let items: [LoadItem]
  public let preprocessing: Preprocessing
  /// 32 bytes.
  let digest: [UInt8]

  /// Looks at every file.
  public init(_ items: [LoadItem], _ preprocessing: Preprocessing) {
    self.items = items
    self.preprocessing = preprocessing
    digest = Self.digest(items, preprocessing)
  }

  /// The same set as its files are now.
  var now: PixelSet { PixelSet(items, preprocessing) }

  /// The bytes of one image.
  var imageBytes: Int { Self.imageBytes(preprocessing) }

  /// The bytes of all images.
  var byteCount: Int { items.count * imageBytes }

  /// The name of the file that holds the pixels.
  var fileName: String {
    digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + ".hfp"
  }

  static func imageBytes(_ preprocessing: Preprocessing) -> Int {
    3 * preprocessing.cropSize * preprocessing.cropSize
  }

  private static func digest(_ items: [LoadItem], _ preprocessing: Preprocessing) -> [UInt8] {
    var hash = SHA256()
    hash.update(Data("\(PixelFile.magic);\(preprocessing.pixelDigest)\n".utf8))
    let folder = FileManager.default.currentDirectoryPath
    // Many items may lie in one archive.
    var last: (path: String, state: String) = ("", "")
    for item in items {
      let path = item.slice?.file ?? item.path
      if path != last.path { last = (path, state(of: path)) }
      let absolute = path.hasPrefix("/") ? path : "\(folder)/\(path)"
      let part = item.slice.map { "\($0.offset)+\($0.count)" } ?? "whole"
      // A zero ends the path, which may hold any other character.
      hash.update(Data("\(absolute)\0\(last.state);\(part);\(item.border)\n".utf8))
    }
    return hash.digest
  }

  private static func state(of path: String) -> String {
    var information = stat()
    guard stat(path, &information) == 0 else { return "missing" }
    #if os(Linux)
      let time = information.st_mtim
    #else
      let time = information.st_mtimespec
    #endif
    return "\(information.st_size);\(time.tv_sec).\(time.tv_nsec)"
  }
}
