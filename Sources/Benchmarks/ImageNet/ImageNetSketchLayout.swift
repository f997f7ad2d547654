import Basics

/// ImageNet-Sketch: drawings in a folder for each of the 1000 WordNet ids.
///
/// There are 50,889 (Wang et al. 2019, arXiv 1905.13549; the README speaks of 50,000).
struct ImageNetSketchLayout: DatasetLayout {
  let kind = "imagenet-sketch"
  let looks = "<wnid>/*.JPEG in a folder named after Sketch"
  let options = ["subset"]

  /// What the archive and common copies call the folder of the class folders.
  private static let inner = ["sketch", "images", "imagenet-sketch"]

  func recognises(_ path: String) -> Bool {
    let path = ImageNetFolders.plain(path)
    guard let inner = try? ImageNetFolders.classFolder(of: path, inside: Self.inner) else {
      return false
    }
    let place = inner.isEmpty ? path : joined(path, inner)
    var names = [path, place].map(ImageNetFolders.bareName)
    if names[0] == "images" {
      names.append(ImageNetFolders.bareName(ImageNetFolders.parent(path)))
    }
    return names.contains { ["sketch", "imagenetsketch"].contains($0) }
      && ImageNetFolders.holdsWnids(place)
  }

  func open(_ request: DatasetRequest) throws(HoldfastError) -> [Dataset] {
    let root = ImageNetFolders.plain(request.path)
    let scope = try ImageNetScope(of: request)
    let folder = try ImageNetFolders.classFolder(of: root, inside: Self.inner)
    let found = try ClassFolderImages(
      root: root, folder: folder, scope: scope, others: .leftOut,
      allowMissing: request.allowMissing)
    guard try SplitName.testServes(request, of: root) else { return [] }
    return [
      Dataset(
        name: kind + scope.suffix, kind: kind, rule: found.naming.rule, split: SplitName.test,
        root: root, classes: scope.names, samples: found.samples,
        expectedImages: scope.subset == nil ? 50_889 : nil, classMap: scope.classMap,
        metrics: scope.metrics, ignoredFiles: found.ignored)
    ]
  }
}
