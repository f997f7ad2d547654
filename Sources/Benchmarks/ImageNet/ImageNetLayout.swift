import Basics
import Foundation

/// ImageNet-1k: folders of 1000 classes under a train and a val split, or a flat val.
///
/// ILSVRC 2012 has 1,281,167 images to train on and 50,000, fifty a class, to validate on
/// (Russakovsky et al. 2015, arXiv 1409.0575).
/// Class folders are named by WordNet ids (or class indices, or readable names); a flat `val` needs a
/// file that says which image is of which class, see `ImageNetGroundTruth`. The option `subset=a` or
/// `subset=r` keeps the 200 classes of ImageNet-A or -R; `labels` names the ground-truth file.
struct ImageNetLayout: DatasetLayout {
  let kind = "imagenet"
  let looks = "train/<wnid>/*.JPEG and val/<wnid>/*.JPEG, or a flat val/ILSVRC2012_val_*.JPEG"
  let options = ["labels", "subset"]

  private static let trainImages = 1_281_167
  private static let validationImagesPerClass = 50

  func recognises(_ path: String) -> Bool {
    guard let place = try? ImageNetPlace(path, forced: SplitName.validation),
      !ImageNetFolders.isSubset(place)
    else { return false }
    return place.splits.values.contains { split in
      let folder = split.folder.isEmpty ? place.root : joined(place.root, split.folder)
      guard split.isFlat else { return ImageNetFolders.holdsWnids(folder) }
      return (try? FolderListing(folder))?.files.contains {
        ImageNetGroundTruth.number(of: $0) != nil
      } == true
    }
  }

  func open(_ request: DatasetRequest) throws(HoldfastError) -> [Dataset] {
    // The published validation set is what everybody tests on: nothing may be chosen by it unless a
    // user says so with #val.
    if request.purpose == .validation, request.split == nil { return [] }
    let scope = try ImageNetScope(of: request)
    let place = try ImageNetPlace(request.path, forced: request.split)
    guard !place.splits.isEmpty else {
      throw .missingInput(
        "\(place.root): there is neither a train nor a val folder in it, nor class folders",
        remedy: "Give the folder that holds train/ and val/, or one of these two.")
    }
    let chosen = try SplitName.chosen(
      for: request.purpose, forced: request.split, among: Set(place.splits.keys), of: place.root)
    guard !chosen.isEmpty else { return [] }
    var samples: [Dataset.Sample] = []
    var ignored = 0
    var rules: [String] = []
    for name in chosen {
      guard let split = place.splits[name] else { continue }
      if split.isFlat {
        let found = try flat(split, name: name, of: place, scope: scope, request: request)
        samples += found.samples
        ignored += found.ignored
        rules.append(found.rule)
      } else {
        let found = try ClassFolderImages(
          root: place.root, folder: split.folder, scope: scope, others: .leftOut,
          allowMissing: request.allowMissing)
        samples += found.samples
        ignored += found.ignored
        rules.append(found.naming.rule)
      }
    }
    let onlyValidation = chosen == [SplitName.validation]
    return [
      Dataset(
        name: kind + scope.suffix, kind: kind,
        rule: Array(Set(rules)).sorted(by: precedesInBytes).joined(separator: "; "),
        split: chosen.count == 1 ? chosen[0] : SplitName.all, root: place.root,
        classes: scope.names, samples: samples, expectedImages: expected(chosen, scope: scope),
        expectedPerClass: onlyValidation
          ? scope.indices.map { _ in Self.validationImagesPerClass } : nil,
        classMap: scope.classMap, metrics: scope.metrics, ignoredFiles: ignored)
    ]
  }

  /// How many images splits have; a subset's share of the train images is not published.
  private func expected(_ splits: [String], scope: ImageNetScope) -> Int? {
    var count = 0
    for split in splits {
      if split == SplitName.train {
        guard scope.subset == nil else { return nil }
        count += Self.trainImages
      } else {
        count += Self.validationImagesPerClass * scope.indices.count
      }
    }
    return count
  }

  /// The images of a split without class folders, with labels from a file.
  private func flat(
    _ split: ImageNetPlace.Split, name: String, of place: ImageNetPlace, scope: ImageNetScope,
    request: DatasetRequest
  ) throws(HoldfastError) -> (samples: [Dataset.Sample], ignored: Int, rule: String) {
    let folder = split.folder.isEmpty ? place.root : joined(place.root, split.folder)
    guard name == SplitName.validation else {
      throw .badData(
        "\(folder): there are images and no class folders in it",
        remedy: "Unpack the archive of each class into a folder named by its WordNet id.")
    }
    let source: String
    if let named = request.options["labels"] {
      source = (named as NSString).expandingTildeInPath
    } else {
      source = try ImageNetGroundTruth.find(near: folder)
    }
    let truth = try ImageNetGroundTruth(source, classes: scope.all)
    let listing = try FolderListing(folder)
    var samples: [Dataset.Sample] = []
    var ignored = listing.hidden
    for file in listing.files {
      guard isImageName(file), let number = ImageNetGroundTruth.number(of: file) else {
        ignored += 1
        continue
      }
      guard let index = truth.indices[number] else {
        throw .badData(
          "\(folder): the image \(file) has no label in \(source)",
          remedy: "Use a ground-truth file of all 50,000 images.")
      }
      guard let label = scope.label(of: index) else { continue }
      let path = split.folder.isEmpty ? file : split.folder + "/" + file
      samples.append(Dataset.Sample(path: path, label: label))
    }
    return (samples, ignored, truth.rule)
  }
}
