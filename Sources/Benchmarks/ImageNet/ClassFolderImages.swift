import Basics

/// The images of a folder that holds a folder for each class of ImageNet.
struct ClassFolderImages {
  private(set) var samples: [Dataset.Sample] = []
  /// Files that are no images.
  private(set) var ignored = 0
  let naming: ClassFolderNaming

  /// What becomes of folders of ImageNet classes outside the scope.
  enum Others {
    /// They are an error: the data set has no such class.
    case refused
    /// Their images are left out.
    case leftOut
  }

  /// Lists the images, class folder by class folder.
  ///
  /// - Parameters:
  ///   - root: What sample paths are relative to.
  ///   - folder: The folder of the class folders, relative to the root; empty for the root.
  ///   - group: The group of every image.
  /// - Throws: `HoldfastError` of kind `badData` for a folder that is no class of the scope,
  ///   `missingInput` where class folders are missing, unless that is allowed.
  init(
    root: String, folder: String, scope: ImageNetScope, others: Others, allowMissing: Bool,
    group: String? = nil
  ) throws(HoldfastError) {
    let place = folder.isEmpty ? root : joined(root, folder)
    let listing = try FolderListing(place)
    let names = try ClassFolderNames(listing.folders, of: place, classes: scope.all)
    naming = names.naming
    ignored = listing.files.count + listing.hidden
    var present = Set<Int>()
    for name in listing.folders {
      guard let index = names.indices[name] else { continue }
      guard let label = scope.label(of: index) else {
        guard others == .refused else { continue }
        throw .badData(
          "\(place): the folder '\(name)' (\(scope.all.entries[index].name)) is not one of the "
            + "\(scope.indices.count) classes of this data set",
          remedy: "Remove the folder, or name another kind of data set before the path.")
      }
      present.insert(index)
      let images = try FolderListing(joined(place, name))
      let path = folder.isEmpty ? name : folder + "/" + name
      ignored += images.hidden
      for file in images.files {
        if isImageName(file) {
          samples.append(Dataset.Sample(path: path + "/" + file, label: label, group: group))
        } else {
          ignored += 1
        }
      }
    }
    let missing = scope.indices.filter { !present.contains($0) }
    if !missing.isEmpty, !allowMissing {
      let shown = missing.prefix(3).map { index in
        naming == .index ? "\(index)" : scope.all.entries[index].wnid
      }
      throw .missingInput(
        "\(place): \(missing.count) of the \(scope.indices.count) class folders are missing: "
          + shown.joined(separator: ", ") + (missing.count > shown.count ? ", …" : ""),
        remedy: "Complete the copy, accept the rest of it with --allow-missing, or read other data "
          + "as folder:PATH.")
    }
  }
}
