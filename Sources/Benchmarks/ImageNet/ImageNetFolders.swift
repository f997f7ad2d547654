import Basics
import Foundation

/// Recognising ImageNet's relatives by the names of folders.
enum ImageNetFolders {
  /// A path without the `/*` that stands for all sets under it and without slashes at its end.
  static func plain(_ path: String) -> String {
    var path = path.hasSuffix("/*") ? String(path.dropLast(2)) : path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }

  /// The folder above a path.
  static func parent(_ path: String) -> String {
    let above = (path as NSString).deletingLastPathComponent
    return above.isEmpty ? "." : above
  }

  /// The letters and digits of a path's last component, in lower case: `imagenetv2top`.
  static func bareName(_ path: String) -> String {
    lastName(path).lowercased().filter { $0.isLetter || $0.isNumber }
  }

  /// Whether most folders at a path are named by WordNet ids of ImageNet-1k.
  ///
  /// Not all must be: a stray folder is an error that names it, not another kind of data set.
  static func holdsWnids(_ path: String) -> Bool {
    guard let folders = try? FolderListing(path).folders, !folders.isEmpty,
      let classes = try? ImageNetClasses.standard()
    else { return false }
    return folders.count(where: { classes.index(wnid: $0) != nil }) * 2 > folders.count
  }

  /// The most class folders of a set that is made of some of ImageNet's classes: ImageNet-100,
  /// Imagenette and their like.
  private static let mostOfSubset = 200
  /// The fewest images in each of them.
  private static let fewestImages = 10

  /// Whether a place that looks like ImageNet-1k holds a set of a few of its classes: the same in each
  /// of its splits, and every one of them with images.
  ///
  /// A copy that was unpacked in part lacks classes in one split or images in many classes.
  static func isSubset(_ place: ImageNetPlace) -> Bool {
    var classes: Set<[String]> = []
    for split in place.splits.values {
      let folder = split.folder.isEmpty ? place.root : joined(place.root, split.folder)
      // Other names of splits, and what is nested deeper, are ImageNet's own.
      let isPlain =
        split.folder.isEmpty
        || [SplitName.train, SplitName.validation].contains(SplitName.canonical(split.folder))
      guard isPlain, !split.isFlat, let found = try? FolderListing(folder).folders,
        found.count <= mostOfSubset, found.allSatisfy({ holdsImages(joined(folder, $0)) })
      else { return false }
      classes.insert(found)
    }
    return classes.count == 1
  }

  private static func holdsImages(_ folder: String) -> Bool {
    guard let files = try? FolderListing(folder).files else { return false }
    return files.count(where: isImageName) >= fewestImages
  }

  /// The readable names of class folders: those of ImageNet's table for WordNet ids that are in it.
  ///
  /// - Returns: The names, and whether the table named any.
  static func names(of folders: [String]) -> (names: [String], hasWnids: Bool) {
    guard let classes = try? ImageNetClasses.standard() else {
      return (folders.map(readable), false)
    }
    let found = folders.map { folder in
      classes.index(wnid: folder).map { classes.entries[$0].name }
    }
    return (
      zip(folders, found).map { $1 ?? readable($0) }, found.contains { $0 != nil }
    )
  }

  /// Where the class folders are: at the path, or in one of the folders that archives unpack to.
  ///
  /// - Returns: The folder relative to the path, empty for the path itself.
  static func classFolder(of path: String, inside: [String]) throws(HoldfastError) -> String {
    let listing = try FolderListing(path)
    if !listing.folders.contains(where: isWordNetID),
      let inner = listing.folders.first(where: { inside.contains($0.lowercased()) })
    {
      return inner
    }
    return ""
  }
}

extension SplitName {
  /// Whether a benchmark that consists of test images alone serves the purpose.
  ///
  /// - Returns: False where there is nothing to validate on.
  /// - Throws: `HoldfastError` of kind `missingInput` for training, or for another forced split.
  static func testServes(
    _ request: DatasetRequest, of source: String
  ) throws(HoldfastError) -> Bool {
    try !chosen(for: request.purpose, forced: request.split, among: [test], of: source).isEmpty
  }
}
