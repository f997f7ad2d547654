import Basics

/// One folder a class, with or without a folder a split above it (torchvision's `ImageFolder`).
///
/// Labels follow the byte order of the class folders' names over all splits together, so that a
/// class which one split lacks shifts no label.
struct FolderLayout: DatasetLayout {
  let kind = "folder"
  let looks =
    "<class>/*.jpg or <split>/<class>/*.jpg (jpeg, png, webp) with splits train, val, test"

  /// Deeper folders than this are taken for a circle of links.
  private let deepest = 16

  func recognises(_ path: String) -> Bool {
    guard let listing = try? FolderListing(path) else { return false }
    return !listing.folders.isEmpty
  }

  func open(_ request: DatasetRequest) throws(HoldfastError) -> [Dataset] {
    let root = request.path
    let listing = try FolderListing(root)
    guard !listing.folders.isEmpty else {
      throw .badData(
        "\(root): there are no class folders in it",
        remedy: "Put the images of each class into a folder of its own, or list them in a .csv.")
    }
    let splits = try splitFolders(of: root, listing)
    guard !splits.isEmpty else {
      guard
        try SplitName.wholeServes(request.purpose, forced: request.split, of: root)
      else { return [] }
      return [try read(root, parts: [""], classes: listing.folders, split: SplitName.all)]
    }
    let chosen = try SplitName.chosen(
      for: request.purpose, forced: request.split, among: Set(splits.keys), of: root)
    guard !chosen.isEmpty else { return [] }
    var classes: Set<String> = []
    for folder in splits.values {
      classes.formUnion(try FolderListing(joined(root, folder)).folders)
    }
    return [
      try read(
        root, parts: chosen.compactMap { splits[$0] },
        classes: classes.sorted(by: precedesInBytes),
        split: chosen.count == 1 ? chosen[0] : SplitName.all)
    ]
  }

  /// The folder of each split; empty where the root's folders are classes.
  ///
  /// A class may be called `train` (the vehicle): a split holds folders and no images, and a single
  /// one stands beside no class. A split with images and no folders (ImageNet's flat `val`) is one
  /// beside another split, so that opening it is an error and no class `val` comes up.
  private func splitFolders(
    of root: String, _ listing: FolderListing
  ) throws(HoldfastError) -> [String: String] {
    var splits: [String: String] = [:]
    var flat = 0
    var hasClasses = false
    for folder in listing.folders {
      let name = SplitName.canonical(folder)
      let inside = try FolderListing(joined(root, folder))
      let hasImages = inside.files.contains(where: isImageName)
      guard [SplitName.train, SplitName.validation, SplitName.test].contains(name),
        hasImages || !inside.folders.isEmpty
      else {
        hasClasses = hasClasses || hasImages
        continue
      }
      if hasImages { flat += 1 }
      if let twin = splits[name] {
        throw .badData(
          "\(root): the folders \(twin) and \(folder) are both the \(name) split",
          remedy: "Keep one of them.")
      }
      splits[name] = folder
    }
    if splits.count > 1 { return splits }
    return flat == 0 && !hasClasses ? splits : [:]
  }

  /// Reads the class folders of one split or of several.
  private func read(
    _ root: String, parts: [String], classes: [String], split: String
  ) throws(HoldfastError) -> Dataset {
    var samples: [Dataset.Sample] = []
    var ignored = 0
    for part in parts {
      let listing = try FolderListing(joined(root, part))
      ignored += listing.files.count + listing.hidden
      let present = Set(listing.folders)
      for (label, name) in classes.enumerated() where present.contains(name) {
        let folder = part.isEmpty ? name : part + "/" + name
        let before = samples.count
        try collect(
          root, folder, label: label, depth: 0, samples: &samples, ignored: &ignored)
        guard samples.count > before else {
          throw .badData(
            "\(joined(root, folder)): the class folder holds no images (jpg, jpeg, png, webp)",
            remedy: "Add its images or remove the folder.")
        }
      }
    }
    guard !samples.isEmpty else {
      throw .badData(
        "\(joined(root, parts.first ?? "")): there are no class folders in it",
        remedy: "Put the images of each class into a folder of its own, or list them in a .csv.")
    }
    let (names, hasWnids) = ImageNetFolders.names(of: classes)
    return Dataset(
      name: lastName(root), kind: kind,
      rule: "the label is the rank of the class folder's name in byte order over all splits; "
        + "the class name is the folder's name with underscores as spaces"
        + (hasWnids ? ", for a WordNet id the name that ImageNet-1k's table has for it" : ""),
      split: split, root: root, classes: names, samples: samples,
      ignoredFiles: ignored)
  }

  private func collect(
    _ root: String, _ folder: String, label: Int, depth: Int,
    samples: inout [Dataset.Sample], ignored: inout Int
  ) throws(HoldfastError) {
    guard depth < deepest else {
      throw .badData(
        "\(joined(root, folder)): folders are nested more than \(deepest) deep",
        remedy: "Look for a link that leads back to a folder above it.")
    }
    let listing = try FolderListing(joined(root, folder))
    ignored += listing.hidden
    for file in listing.files {
      if isImageName(file) {
        samples.append(Dataset.Sample(path: folder + "/" + file, label: label))
      } else {
        ignored += 1
      }
    }
    for inner in listing.folders {
      try collect(
        root, folder + "/" + inner, label: label, depth: depth + 1,
        samples: &samples, ignored: &ignored)
    }
  }
}
