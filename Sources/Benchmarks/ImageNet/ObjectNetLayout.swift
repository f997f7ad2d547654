import Basics

/// ObjectNet 1.0: images of 313 objects, and the mapping files that lead to ImageNet's classes.
///
/// The folders in `images/` are named after the objects (Barbu et al., NeurIPS 2019). Scored are the 18,574 images of the 113 objects that ImageNet has; where one stands for several
/// ImageNet classes the highest logit counts. Every image has a red frame of one pixel, of which two
/// pixels are cut off as the authors do, because JPEG smears it; `border=0` leaves it, as much
/// published code does by mistake.
struct ObjectNetLayout: DatasetLayout {
  let kind = "objectnet"
  let looks = "images/<object>/*.png beside mappings/folder_to_objectnet_label.json"
  let options = ["border"]

  private static let images = 18_574

  func recognises(_ path: String) -> Bool {
    (try? locate(ImageNetFolders.plain(path))) != nil
  }

  func open(_ request: DatasetRequest) throws(HoldfastError) -> [Dataset] {
    let border: Int
    switch request.options["border"] {
    case nil, "2": border = 2
    case "0": border = 0
    case let value?:
      throw .usage(
        "border=\(value): ObjectNet's border is cropped by 2 pixels or not at all",
        remedy: "Write border=2, which is the default, or border=0.")
    }
    let place = try locate(ImageNetFolders.plain(request.path))
    let classes = try ImageNetClasses.standard()
    let mapping = try ObjectNetMapping(folder: place.mappings, classCount: classes.entries.count)
    let folder = joined(place.root, "images")
    let listing = try FolderListing(folder)
    var ignored = listing.files.count + listing.hidden
    if let unknown = listing.folders.first(where: { !mapping.folders.contains($0) }) {
      throw .badData(
        "\(folder): the folder '\(excerpt(unknown))' is not in "
          + "\(joined(place.mappings, ObjectNetMapping.labelFile))",
        remedy: "Remove the folder, or fetch the mapping files again.")
    }
    let missing = mapping.objects.map(\.folder).filter { !listing.folders.contains($0) }
    guard missing.isEmpty || request.allowMissing else {
      throw .missingInput(
        "\(folder): \(missing.count) of the \(mapping.objects.count) class folders are missing: "
          + missing.prefix(3).joined(separator: ", ") + (missing.count > 3 ? ", …" : ""),
        remedy: "Complete the copy, or accept the rest of it with --allow-missing.")
    }
    var labels: [String: Int] = [:]
    for (label, object) in mapping.objects.enumerated() { labels[object.folder] = label }
    var samples: [Dataset.Sample] = []
    for name in listing.folders {
      let inside = try FolderListing(joined(folder, name))
      ignored += inside.hidden
      for file in inside.files {
        if let label = labels[name], isImageName(file) {
          samples.append(Dataset.Sample(path: "images/\(name)/\(file)", label: label))
        } else {
          ignored += 1
        }
      }
    }
    guard try SplitName.testServes(request, of: place.root) else { return [] }
    return [
      Dataset(
        name: kind, kind: kind,
        rule:
          "the label is that of the object which ObjectNet's mapping files give the folder, among "
          + "those that ImageNet has",
        split: SplitName.test, root: place.root, classes: mapping.objects.map(\.label),
        samples: samples, expectedImages: Self.images,
        classMap: ClassMap(
          list: ImageNetClasses.list, names: classes.names,
          columns: mapping.objects.map(\.indices)),
        metrics: [.top1, .top1OfAll], conditions: ["border": .integer(border)], border: border,
        ignoredFiles: ignored)
    ]
  }

  /// The folder that holds `images`, and that of the mapping files: at the path, in the folder the
  /// archive unpacks to, or above where the path is the folder of the images.
  private func locate(_ path: String) throws(HoldfastError) -> (root: String, mappings: String) {
    var roots = [path, joined(path, "objectnet-1.0")]
    if lastName(path) == "images" { roots.insert(ImageNetFolders.parent(path), at: 0) }
    for root in roots {
      let mappings = joined(root, "mappings")
      guard let files = try? FolderListing(mappings).files,
        files.contains(ObjectNetMapping.labelFile),
        (try? FolderListing(root))?.folders.contains("images") == true
      else { continue }
      return (root, mappings)
    }
    throw .missingInput(
      "\(path): there are no images/ and mappings/\(ObjectNetMapping.labelFile) in it",
      remedy: "Give the folder objectnet-1.0 with both, as the archive unpacks.")
  }
}
