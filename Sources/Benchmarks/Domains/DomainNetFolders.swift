import Basics

/// DomainNet without lists, as DomainBed keeps it: `<domain>/<class>/<domain>_<number>_<6 digits>`.
///
/// A label is the number in the file names minus 1, so that it is the official one; ImageFolder's
/// byte order is another (`t-shirt` before `table`). Where no file name has a number, labels are
/// ranks in the official order, for which all 345 folders must be there. Images that
/// `domain_net_duplicates.txt` at the root lists are left out, as DomainBed deletes them.
struct DomainNetFolders {
  var root: String
  /// The domains that are there.
  var domains: [String]

  /// The images of one domain and what lies among them.
  private struct Content {
    var folders: [String] = []
    var images: [(folder: String, name: String)] = []
    var ignored = 0
  }

  /// Reads one domain or all.
  func open(
    _ request: DatasetRequest, domain: String?, title: String, kind: String
  ) throws(HoldfastError) -> [Dataset] {
    guard
      try SplitName.wholeServes(
        request.purpose, forced: request.split, of: joined(root, domain ?? ""))
    else { return [] }
    let opened = domain.map { [$0] } ?? domains
    let left = try duplicates()
    var contents: [String: Content] = [:]
    var classes = DomainClasses()
    var folders: Set<String> = []
    // A domain may lack a class or its number; the others tell it.
    for domain in opened + domains.filter({ !opened.contains($0) })
    where opened.contains(domain) || classes.count < DomainNet.classCount {
      let content = try read(domain, without: left)
      for (folder, name) in content.images {
        guard let label = DomainNet.label(ofFile: name, domain: domain) else { continue }
        try classes.add(
          label: label, folder: folder, source: joined(root, "\(domain)/\(folder)/\(name)"))
      }
      folders.formUnion(content.folders)
      if opened.contains(domain) { contents[domain] = content }
    }
    var rule =
      "the label is the number in the file names minus 1 (DomainNet's own order, not that of the "
      + "folders)"
    if classes.count == 0 {
      try rank(folders, into: &classes)
      rule =
        "the label is the rank of the class folder's name among all \(DomainNet.classCount) in "
        + "alphabetical order without case, '_' and '-' (DomainNet's own order), as the file names "
        + "have no numbers"
    }
    let names = try classes.names(
      root: root, source: "file name", allowMissing: request.allowMissing)
    var sets: [Dataset] = []
    for domain in opened {
      guard let content = contents[domain] else { continue }
      var samples: [Dataset.Sample] = []
      samples.reserveCapacity(content.images.count)
      for (folder, name) in content.images {
        guard let label = classes.label(of: folder) else {
          throw .badData(
            "\(joined(root, "\(domain)/\(folder)")): no file name in this class tells its label",
            remedy: "Give the files their own names, as \(domain)_001_000018.jpg, or add the "
              + "lists.")
        }
        samples.append(
          Dataset.Sample(path: "\(domain)/\(folder)/\(name)", label: label, domain: domain))
      }
      guard !samples.isEmpty else {
        throw .badData(
          "\(joined(root, domain)): there are no images in its class folders",
          remedy: "Unpack the domain's images again.")
      }
      sets.append(
        Dataset(
          name: title + "/" + domain, kind: kind,
          rule: rule + "; the class name is the folder with underscores as spaces",
          split: SplitName.all, root: root, classes: names.folders.map(readable), samples: samples,
          expectedImages: PublishedCount.expected(
            among: DomainNet.published(domain, split: SplitName.all), found: samples.count),
          conditions: names.conditions, ignoredFiles: content.ignored))
    }
    return sets
  }

  private func read(
    _ domain: String, without left: Set<String>
  ) throws(HoldfastError) -> Content {
    let listing = try FolderListing(joined(root, domain))
    var content = Content()
    content.folders = listing.folders
    content.ignored = listing.files.count + listing.hidden
    for folder in listing.folders {
      let inside = try FolderListing(joined(root, domain + "/" + folder))
      content.ignored += inside.hidden + inside.folders.count
      for name in inside.files {
        if isImageName(name), left.isEmpty || !left.contains("\(domain)/\(folder)/\(name)") {
          content.images.append((folder, name))
        } else {
          content.ignored += 1
        }
      }
    }
    return content
  }

  /// The paths in the list of duplicates, none where there is no such list.
  private func duplicates() throws(HoldfastError) -> Set<String> {
    guard try FolderListing(root).files.contains(DomainNet.duplicates) else { return [] }
    let path = joined(root, DomainNet.duplicates)
    var paths: Set<String> = []
    var number = 0
    for line in try TextFile.bytes(path).split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    {
      number += 1
      guard
        let text = String(validatingBytes: line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
      else {
        throw .badData("\(path):\(number): not UTF-8", remedy: "Save the list as UTF-8.")
      }
      if !text.isEmpty { paths.insert(text) }
    }
    return paths
  }

  /// Labels by rank, for file names without numbers.
  private func rank(
    _ folders: Set<String>, into classes: inout DomainClasses
  ) throws(HoldfastError) {
    guard folders.count == DomainNet.classCount else {
      throw .badData(
        "\(root): the file names have no class numbers, and of \(DomainNet.classCount) class "
          + "folders there are \(folders.count), so that labels cannot be told",
        remedy: "Give the files their own names, as real_333_000001.jpg, complete the classes, or "
          + "add the lists.")
    }
    for (label, folder) in DomainNet.officialOrder(folders).enumerated() {
      try classes.add(label: label, folder: folder, source: joined(root, folder))
    }
  }
}
