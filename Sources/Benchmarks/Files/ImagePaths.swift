import Basics
import Foundation

/// Finding images by path, without labels.
public enum ImagePaths {
  /// The image files under some paths: a file as it is, a folder's jpg, jpeg, png and webp files at
  /// any depth in byte order of their paths.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput` where a path is not there, `badData` where a
  ///   folder has no images or is nested more than 16 deep.
  public static func list(_ paths: [String]) throws(HoldfastError) -> [String] {
    var result: [String] = []
    for path in paths {
      let place = (path as NSString).expandingTildeInPath
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: place, isDirectory: &isFolder) else {
        throw .missingInput("\(path): there is no such file or folder", remedy: "Check the path.")
      }
      guard isFolder.boolValue else {
        result.append(place)
        continue
      }
      var found: [String] = []
      try collect(place, depth: 0, into: &found)
      guard !found.isEmpty else {
        throw .badData(
          "\(path): the folder holds no images (jpg, jpeg, png, webp)",
          remedy: "Name a folder with images.")
      }
      result += found.sorted(by: precedesInBytes)
    }
    return result
  }

  private static func collect(
    _ folder: String, depth: Int, into found: inout [String]
  ) throws(HoldfastError) {
    guard depth <= 16 else {
      throw .badData(
        "\(folder): folders are nested more than 16 deep",
        remedy: "Look for a link that leads back to a folder above it.")
    }
    let listing = try FolderListing(folder)
    found += listing.files.filter(isImageName).map { joined(folder, $0) }
    for inner in listing.folders {
      try collect(joined(folder, inner), depth: depth + 1, into: &found)
    }
  }
}
