import Basics

/// ImageNet-C: `<corruption>/<1…5>/<wnid>/*.JPEG`, where the corruptions may be grouped as the
/// archives are (`noise`, `blur`, `weather`, `digital`, `extra`).
///
/// A path opens every corruption that is there, one corruption, or one severity of it. The severity
/// is the group of an image.
struct ImageNetCLayout: DatasetLayout {
  static let kind = "imagenet-c"

  var kind: String { Self.kind }
  let looks = "<corruption>/<1…5>/<wnid>/*.JPEG, for example fog/3/n01440764"

  private static let severities = ["1", "2", "3", "4", "5"]
  private static let groups = ["noise", "blur", "weather", "digital", "extra"]
  private static let imagesPerClass = 50

  /// One corruption on disk.
  private struct Place {
    var corruption: String
    /// The severities wanted, with the folder of each relative to the root.
    var folders: [(severity: String, folder: String)]
    var isOneSeverity = false
  }

  func recognises(_ path: String) -> Bool {
    guard let places = try? places(ImageNetFolders.plain(path)) else { return false }
    return places.contains { !$0.folders.isEmpty }
  }

  func open(_ request: DatasetRequest) throws(HoldfastError) -> [Dataset] {
    let root = ImageNetFolders.plain(request.path)
    let places = try places(root)
    guard !places.isEmpty else {
      throw .missingInput(
        "\(root): there are no folders of ImageNet-C's corruptions in it",
        remedy: "Give the folder that holds fog/1 to fog/5 and the like, or one corruption's.")
    }
    let scope = try ImageNetScope()
    var sets: [Dataset] = []
    for place in places {
      let wanted = place.isOneSeverity ? place.folders.map(\.severity) : Self.severities
      let missing = wanted.filter { severity in
        !place.folders.contains { $0.severity == severity }
      }
      guard missing.isEmpty || request.allowMissing else {
        throw .missingInput(
          "\(root): \(place.corruption) lacks the severity \(missing.joined(separator: ", "))",
          remedy: "Complete the copy, or accept the rest of it with --allow-missing.")
      }
      var samples: [Dataset.Sample] = []
      var ignored = 0
      var rule = ""
      for (severity, folder) in place.folders {
        let found = try ClassFolderImages(
          root: root, folder: folder, scope: scope, others: .refused,
          allowMissing: request.allowMissing, group: severity)
        samples += found.samples
        ignored += found.ignored
        rule = found.naming.rule
      }
      guard try SplitName.testServes(request, of: root) else { return [] }
      let perClass = Self.imagesPerClass * wanted.count
      sets.append(
        Dataset(
          name: "\(kind)/\(place.corruption)"
            + (place.isOneSeverity ? "/" + wanted.joined() : ""),
          kind: kind, rule: rule + "; the group is the corruption's severity",
          split: SplitName.test, root: root, classes: scope.names, samples: samples,
          expectedImages: perClass * scope.indices.count,
          expectedPerClass: scope.indices.map { _ in perClass },
          metrics: place.isOneSeverity ? [.top1] : [.top1, .mCE], ignoredFiles: ignored))
    }
    return sets
  }

  /// The corruptions that a path names, in the order of the paper.
  private func places(_ root: String) throws(HoldfastError) -> [Place] {
    let known = ImageNetC.corruptions + ImageNetC.extraCorruptions
    let listing = try FolderListing(root)
    let name = lastName(root)
    let above = lastName(ImageNetFolders.parent(root))
    if Self.severities.contains(name), known.contains(above) {
      return [Place(corruption: above, folders: [(name, "")], isOneSeverity: true)]
    }
    if known.contains(name) {
      return [Place(corruption: name, folders: folders(listing, under: ""))]
    }
    var found: [String: Place] = [:]
    for folder in [""] + Self.groups.filter(listing.folders.contains) {
      let inside = folder.isEmpty ? listing : try FolderListing(joined(root, folder))
      for corruption in inside.folders where known.contains(corruption) {
        let path = folder.isEmpty ? corruption : folder + "/" + corruption
        let place = Place(
          corruption: corruption,
          folders: folders(try FolderListing(joined(root, path)), under: path))
        if found.updateValue(place, forKey: corruption) != nil {
          throw .badData(
            "\(root): the corruption \(corruption) is there twice, once under \(folder)",
            remedy: "Keep one of the two folders.")
        }
      }
    }
    return known.compactMap { found[$0] }
  }

  /// The severities in a corruption's folder.
  private func folders(
    _ listing: FolderListing, under path: String
  ) -> [(severity: String, folder: String)] {
    Self.severities.filter(listing.folders.contains).map { severity in
      (severity, path.isEmpty ? severity : path + "/" + severity)
    }
  }
}
