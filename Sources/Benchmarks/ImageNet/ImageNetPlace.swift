import Basics

/// Where the splits of a copy of ImageNet-1k are.
///
/// The usual names: `train` with `val`, `val_in_folder`, `val_dirs` or `validation`, at the root,
/// under `images/` (CoOp) or under `ILSVRC/Data/CLS-LOC/` (Kaggle). A path may also be one split.
struct ImageNetPlace {
  struct Split: Hashable {
    /// Relative to the root; empty where the root is the split.
    var folder: String
    /// Whether the images lie in it without class folders.
    var isFlat: Bool
  }

  let root: String
  /// By the split's name, `train` or `val`.
  private(set) var splits: [String: Split] = [:]

  private static let bases = ["", "images", "ILSVRC/Data/CLS-LOC", "Data/CLS-LOC", "ILSVRC2012"]
  private static let validations = ["val_in_folder", "val_dirs", "val", "validation"]

  /// Looks for splits.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput` where there is no such folder, `badData` where
  ///   nothing says which split a folder of classes is.
  init(_ path: String, forced: String?) throws(HoldfastError) {
    root = ImageNetFolders.plain(path)
    let whole = try FolderListing(root)
    for base in Self.bases {
      let place = base.isEmpty ? root : joined(root, base)
      guard let folders = (base.isEmpty ? whole : try? FolderListing(place))?.folders else {
        continue
      }
      let prefix = base.isEmpty ? "" : base + "/"
      if folders.contains("train") {
        splits[SplitName.train] = try Self.split(root, prefix + "train")
      }
      splits[SplitName.validation] = try Self.validation(
        root, Self.validations.filter(folders.contains).map { prefix + $0 })
      if !splits.isEmpty { return }
    }
    let own = try Self.split(root, "")
    guard own.isFlat || !whole.folders.isEmpty else { return }
    splits[try splitName(own, forced: forced)] = own
  }

  private static func split(_ root: String, _ folder: String) throws(HoldfastError) -> Split {
    let listing = try FolderListing(folder.isEmpty ? root : joined(root, folder))
    return Split(
      folder: folder, isFlat: listing.folders.isEmpty && listing.files.contains(where: isImageName))
  }

  /// The validation split among folders with its names: the first with class folders, which were
  /// made from a flat one beside it, else the flat one.
  private static func validation(
    _ root: String, _ folders: [String]
  ) throws(HoldfastError) -> Split? {
    var found: [Split] = []
    for folder in folders { found.append(try split(root, folder)) }
    return found.first { !$0.isFlat } ?? found.first
  }

  /// Which split a folder that is one is: by the names of its images, or by its own.
  private func splitName(
    _ split: Split, forced: String?
  ) throws(HoldfastError) -> String {
    if let forced, [SplitName.train, SplitName.validation].contains(forced) { return forced }
    let listing = try FolderListing(root)
    var images = listing.files
    if !split.isFlat, let folder = listing.folders.first {
      images = try FolderListing(joined(root, folder)).files
    }
    let image = images.first(where: isImageName) ?? ""
    if ImageNetGroundTruth.number(of: image) != nil { return SplitName.validation }
    if image.utf8.count > 9, isWordNetID(String(image.prefix(9))) { return SplitName.train }
    let name = lastName(root).lowercased()
    if name == "train" { return SplitName.train }
    if Self.validations.contains(name) { return SplitName.validation }
    throw .badData(
      "\(root): neither the folder's name nor '\(excerpt(image))' says whether these are ImageNet's "
        + "train or val images",
      remedy: "Write #val or #train after the path.")
  }
}
