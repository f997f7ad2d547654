import Basics
import Benchmarks
import Foundation
import Images
import Testing

/// Trees laid out and named as the published archives unpack, with tiny images.
///
/// Files are written plainly and folders made once, so that thousands take little time.
final class BenchmarkTree {
  let root: String
  private var folders: Set<String> = []

  init(_ root: String) {
    self.root = root
  }

  /// The bytes of a JPEG and of a PNG image of 8 × 8 pixels, grey within a red frame of one pixel.
  static let jpeg = Result { try picture.jpeg() }
  static let png = Result { try picture.png() }

  private static let picture: RGBImage = {
    let side = 8
    var pixels: [UInt8] = []
    for y in 0..<side {
      for x in 0..<side {
        let isFrame = [0, side - 1].contains(x) || [0, side - 1].contains(y)
        pixels += isFrame ? [255, 0, 0] : [128, 128, 128]
      }
    }
    return RGBImage(width: side, height: side, pixels: pixels)
  }()

  /// Writes files of one content, none by default.
  func add(_ paths: some Sequence<String>, _ content: Data = Data()) throws {
    for path in paths {
      let folder = (root + "/" + path as NSString).deletingLastPathComponent
      if folders.insert(folder).inserted {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true)
      }
      let file = try #require(fopen(root + "/" + path, "w"))
      defer { fclose(file) }
      content.withUnsafeBytes { bytes in _ = fwrite(bytes.baseAddress, 1, bytes.count, file) }
    }
  }

  func add(_ paths: String..., text: String) throws {
    try add(paths, Data(text.utf8))
  }

  /// Writes images into folders of classes, `count` in each.
  func images(
    _ folders: [String], count: Int = 1, name: (String, Int) -> String, _ content: Data = Data()
  ) throws {
    for folder in folders {
      let own = (folder as NSString).lastPathComponent
      try add((1...count).map { folder + "/" + name(own, $0) }, content)
    }
  }

  /// Makes a folder that is a link to another one, in the place of what was there.
  ///
  /// With class folders that share their images a copy is complete without its many files.
  func link(_ folder: String, to target: String) throws {
    let path = root + "/" + folder
    let above = (path as NSString).deletingLastPathComponent
    if folders.insert(above).inserted {
      try FileManager.default.createDirectory(atPath: above, withIntermediateDirectories: true)
    }
    unlink(path)
    #expect(symlink(root + "/" + target, path) == 0)
  }

  /// The name of a validation image.
  static func validation(_ number: Int) -> String {
    "ILSVRC2012_val_" + String(repeating: "0", count: 8 - String(number).count) + "\(number).JPEG"
  }

  /// The WordNet ids of all classes or of a subset.
  static func wnids(_ subset: ImageNetClasses.Subset? = nil) throws -> [String] {
    let classes = try ImageNetClasses.standard()
    let indices = subset.map(classes.indices(of:)) ?? Array(classes.entries.indices)
    return indices.map { classes.entries[$0].wnid }
  }
}

/// Opens a data set of a kind, complete or not.
func openSets(
  _ kind: String?, _ path: String, for purpose: DatasetPurpose = .evaluation, split: String? = nil,
  options: [String: String] = [:], allowMissing: Bool = true
) throws -> [Dataset] {
  try DatasetSpecifier(kind: kind, path: path, split: split, options: options)
    .open(for: purpose, allowMissing: allowMissing)
}

/// Opens the one data set that there is.
func openSet(
  _ kind: String?, _ path: String, for purpose: DatasetPurpose = .evaluation, split: String? = nil,
  options: [String: String] = [:], allowMissing: Bool = true
) throws -> Dataset {
  let sets = try openSets(
    kind, path, for: purpose, split: split, options: options, allowMissing: allowMissing)
  #expect(sets.count == 1)
  return try #require(sets.first)
}
