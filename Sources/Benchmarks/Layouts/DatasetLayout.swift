import Basics
import Foundation

/// A way to lay out labelled images on disk.
///
/// A further kind is one file and one row in the table.
protocol DatasetLayout: Sendable {
  /// The word before the colon in `kind:path`.
  var kind: String { get }
  /// What the layout looks like, for the error of an unrecognised folder.
  var looks: String { get }
  /// The options that may stand after `?`, such as `border`.
  var options: [String] { get }
  /// The split of images like those of training that are for testing, where `test` is not it.
  var ownTestSplit: String? { get }
  /// Whether a file or folder has this layout; looks at names only.
  func recognises(_ path: String) -> Bool
  /// Reads names and labels; see `DatasetSpecifier.open`.
  func open(_ request: DatasetRequest) throws(HoldfastError) -> [Dataset]
}

extension DatasetLayout {
  var options: [String] { [] }
  var ownTestSplit: String? { nil }
}

/// What a layout is asked for.
struct DatasetRequest: Sendable {
  var path: String
  var purpose: DatasetPurpose
  /// The split a user forced, in its canonical spelling.
  var split: String?
  /// What a user set after `?`, by name; a layout refuses names that are not its own.
  var options: [String: String] = [:]
  /// Whether listed files that are not there are left out, and counted under
  /// `Dataset.conditions["missing"]`, instead of being an error.
  var allowMissing = false
}

/// The table of layouts, in the order in which they are tried.
enum DatasetLayouts {
  static let all: [any DatasetLayout] = [
    TableLayout(kind: "csv", separator: UInt8(ascii: ",")),
    TableLayout(kind: "tsv", separator: UInt8(ascii: "\t")),
    ObjectNetLayout(),
    ImageNetCLayout(),
    ImageNetV2Layout(),
    ImageNetSubsetLayout.a,
    ImageNetSubsetLayout.r,
    ImageNetSketchLayout(),
    ImageNetLayout(),
    WildCamLayout(),
    FunctionalMapLayout(),
    WebDatasetLayout(),
    DomainListLayout(),
    DomainFolderLayout(.pacs),
    DomainFolderLayout(.vlcs),
    DomainFolderLayout(.officeHome),
    DomainFolderLayout(.terraIncognita),
    FolderLayout(),
  ]

  /// The layout of something on disk.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput` if nothing is there, `badData` if it has
  ///   none of the layouts.
  static func recognised(_ path: String) throws(HoldfastError) -> any DatasetLayout {
    try ParquetFiles.refuse(path)
    if let layout = all.first(where: { $0.recognises(path) }) { return layout }
    let base = path.hasSuffix("/*") ? String(path.dropLast(2)) : path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: base, isDirectory: &isFolder) else {
      throw .missingInput(
        "\(path): there is no such file or folder",
        remedy: "Check the path; the built-in data set is builtin:minidomains/real.")
    }
    var found = "a file of another type"
    if isFolder.boolValue {
      let listing = try FolderListing(base)
      let images = listing.files.count(where: isImageName)
      found = listing.isEmpty ? "an empty folder" : "a folder with \(images) images in it"
      if !listing.folders.isEmpty { found += " and \(listing.folders.count) folders" }
    }
    throw .badData(
      "\(path): \(found), in none of the known layouts",
      remedy: "Looked for " + all.map { "\($0.kind): \($0.looks)" }.joined(separator: "; ") + ".")
  }
}
