import Basics

/// ImageNet-V2: folders `0` to `999`, which are class indices, in up to three variants.
///
/// Each variant has ten images a class (Recht et al. 2019, arXiv 1902.10811).
/// The archives unpack to `imagenetv2-matched-frequency-format-val` and the like, the authors'
/// package to `ImageNetV2-matched-frequency`; a later release names the class folders by WordNet ids.
struct ImageNetV2Layout: DatasetLayout {
  let kind = "imagenet-v2"
  let looks = "<0…999>/*.jpeg in folders named after ImageNet-V2's variants"
  let options = ["subset", "variant"]

  /// The sampling strategies, by the words that folder names hold.
  private static let variants = [
    (name: "matched-frequency", word: "matchedfrequency"),
    (name: "threshold-0.7", word: "threshold07"),
    (name: "top-images", word: "topimages"),
  ]

  func recognises(_ path: String) -> Bool {
    let path = ImageNetFolders.plain(path)
    if Self.holdsClasses(path) { return ImageNetFolders.bareName(path).contains("imagenetv2") }
    do throws(HoldfastError) {
      return try !Self.variants(in: path).isEmpty
    } catch {
      return error.kind == .badData
    }
  }

  func open(_ request: DatasetRequest) throws(HoldfastError) -> [Dataset] {
    let root = ImageNetFolders.plain(request.path)
    let scope = try ImageNetScope(of: request)
    let wanted = try variant(of: request)
    var places: [(variant: String?, folder: String)] = []
    if Self.holdsClasses(root) {
      places = [(wanted ?? Self.variant(root), "")]
    } else {
      for place in try Self.variants(in: root) where wanted == nil || wanted == place.variant {
        places.append(place)
      }
    }
    guard !places.isEmpty else {
      throw .missingInput(
        "\(root): there are neither class folders 0 to 999 in it nor folders of "
          + (wanted.map { "the variant \($0)" } ?? "ImageNet-V2's variants"),
        remedy: "Give the folder imagenetv2-matched-frequency-format-val or the one above it.")
    }
    var sets: [Dataset] = []
    for place in places {
      let found = try ClassFolderImages(
        root: root, folder: place.folder, scope: scope, others: .leftOut,
        allowMissing: request.allowMissing)
      guard try SplitName.testServes(request, of: root) else { return [] }
      sets.append(
        Dataset(
          name: kind + (place.variant.map { "/" + $0 } ?? "") + scope.suffix, kind: kind,
          rule: found.naming.rule, split: SplitName.test, root: root, classes: scope.names,
          samples: found.samples, expectedImages: 10 * scope.indices.count,
          expectedPerClass: scope.indices.map { _ in 10 }, classMap: scope.classMap,
          metrics: scope.metrics, ignoredFiles: found.ignored))
    }
    return sets
  }

  /// The variant that the option names.
  private func variant(of request: DatasetRequest) throws(HoldfastError) -> String? {
    guard let option = request.options["variant"] else { return nil }
    guard Self.variants.contains(where: { $0.name == option }) else {
      throw .usage(
        "variant=\(option): ImageNet-V2 has no such variant",
        remedy: "Variants are \(Self.variants.map(\.name).joined(separator: ", ")).")
    }
    return option
  }

  /// The variant that a folder's name speaks of.
  private static func variant(_ path: String) -> String? {
    let name = ImageNetFolders.bareName(path)
    return variants.first { name.contains($0.word) }?.name
  }

  /// The folders of variants inside a folder.
  private static func variants(
    in path: String
  ) throws(HoldfastError) -> [(variant: String?, folder: String)] {
    var found: [(variant: String?, folder: String)] = []
    for folder in try FolderListing(path).folders {
      guard let name = variant(folder), holdsClasses(joined(path, folder)) else { continue }
      if let twin = found.first(where: { $0.variant == name }) {
        throw .badData(
          "\(path): the folders \(twin.folder) and \(folder) are both the variant \(name)",
          remedy: "Keep one of them, or give the path of one.")
      }
      found.append((name, folder))
    }
    return found
  }

  /// Whether a folder has folders that are numbers or WordNet ids.
  private static func holdsClasses(_ path: String) -> Bool {
    guard let folders = try? FolderListing(path).folders else { return false }
    return folders.contains { ClassFolderNaming(of: $0) != .name }
  }
}
