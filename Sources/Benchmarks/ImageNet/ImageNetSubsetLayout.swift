import Basics

/// ImageNet-A and ImageNet-R: 200 folders named by WordNet ids, and a README.
///
/// They are scored over their 200 classes, as their authors do, and beside it over all 1000
/// (Hendrycks et al. 2021: A has 7,500 images, arXiv 1907.07174; R has 30,000, arXiv 2006.16241).
struct ImageNetSubsetLayout: DatasetLayout {
  let subset: ImageNetClasses.Subset
  let images: Int
  /// The usual names of its folder, without hyphens.
  let folders: [String]

  static let a = ImageNetSubsetLayout(
    subset: .a, images: 7_500, folders: ["imageneta", "imagenetadversarial"])
  static let r = ImageNetSubsetLayout(
    subset: .r, images: 30_000, folders: ["imagenetr", "imagenetrendition"])

  var kind: String { "imagenet-\(subset.rawValue)" }
  var looks: String {
    "<wnid>/*.jpg for the 200 classes of ImageNet-\(subset.rawValue.uppercased())"
  }

  func recognises(_ path: String) -> Bool {
    let path = ImageNetFolders.plain(path)
    guard let inner = try? ImageNetFolders.classFolder(of: path, inside: [kind]) else {
      return false
    }
    let place = inner.isEmpty ? path : joined(path, inner)
    if inner == kind || folders.contains(ImageNetFolders.bareName(path)) {
      return ImageNetFolders.holdsWnids(place)
    }
    guard let found = try? FolderListing(place).folders,
      let classes = try? ImageNetClasses.standard()
    else { return false }
    return found == classes.indices(of: subset).map { classes.entries[$0].wnid }
  }

  func open(_ request: DatasetRequest) throws(HoldfastError) -> [Dataset] {
    let root = ImageNetFolders.plain(request.path)
    let scope = try ImageNetScope(subset)
    let folder = try ImageNetFolders.classFolder(of: root, inside: [kind, "images"])
    let place = folder.isEmpty ? root : joined(root, folder)
    guard try !FolderListing(place).folders.contains(where: { ClassFolderNaming(of: $0) == .index })
    else {
      throw .badData(
        "\(place): there are class folders with numbers for names, which may be ranks among the 200 "
          + "classes or indices among ImageNet's 1000",
        remedy: "Unpack the published archive, whose folders are named by WordNet ids.")
    }
    let found = try ClassFolderImages(
      root: root, folder: folder, scope: scope, others: .refused,
      allowMissing: request.allowMissing)
    guard try SplitName.testServes(request, of: root) else { return [] }
    return [
      Dataset(
        name: kind, kind: kind, rule: found.naming.rule, split: SplitName.test, root: root,
        classes: scope.names, samples: found.samples, expectedImages: images,
        classMap: scope.classMap, metrics: scope.metrics, ignoredFiles: found.ignored)
    ]
  }
}
