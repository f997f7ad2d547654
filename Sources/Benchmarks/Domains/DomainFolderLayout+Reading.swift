import Basics

extension DomainFolderLayout {
  /// Reads a domain's class folders, or those of the splits in it.
  ///
  /// - Returns: Nil where there is nothing for the purpose.
  func readFolders(
    of domain: DomainBenchmark.Domain, _ folder: String, root: String, for request: DatasetRequest
  ) throws(HoldfastError) -> Dataset? {
    let place = joined(root, folder)
    let splits = try splitFolders(FolderListing(place), of: place)
    var chosen: [String]
    if splits.keys.contains(where: { $0 != SplitName.all }), request.split != SplitName.all {
      chosen = try SplitName.chosen(
        for: request.purpose, forced: request.split,
        among: Set(splits.keys).subtracting([SplitName.all]), of: place)
      guard !chosen.isEmpty else { return nil }
    } else {
      guard try SplitName.wholeServes(request.purpose, forced: request.split, of: place)
      else { return nil }
      chosen =
        splits[SplitName.all] == nil ? splits.keys.sorted(by: precedesInBytes) : [SplitName.all]
    }
    var content = Content()
    for part in chosen.isEmpty ? [""] : chosen.compactMap({ splits[$0] }) {
      try read(part.isEmpty ? folder : folder + "/" + part, of: domain, root: root, into: &content)
    }
    guard !content.samples.isEmpty else {
      throw .badData(
        "\(place): there are no images in its class folders",
        remedy: "Unpack the domain's images again.")
    }
    let split = chosen.count == 1 ? chosen[0] : SplitName.all
    return Dataset(
      name: "\(kind)/\(domain.name)", kind: kind,
      rule: "the label is the place of the class folder's name in the fixed list of "
        + "\(benchmark.classes.count) classes"
        + (benchmark.isNumbered ? ", or its number (0 is \(benchmark.classes[0]))" : "") + suffix,
      split: split, root: root, classes: benchmark.classes.map(readable),
      samples: content.samples,
      expectedImages: split == SplitName.all
        ? PublishedCount.expected(among: domain.images, found: content.samples.count) : nil,
      ignoredFiles: content.ignored)
  }

  /// Reads a domain's images from its lists, whose labels count from 1.
  ///
  /// The test list of PACS is the whole domain, images to train on included: it is opened as `all`,
  /// so that it is not taken for what may be scored after training on the same domain.
  func readLists(
    _ lists: [DomainListFile], of domain: DomainBenchmark.Domain, root: String,
    for request: DatasetRequest
  ) throws(HoldfastError) -> Dataset? {
    let chosen = try SplitName.chosen(
      for: request.purpose, forced: request.split, among: Set(lists.map(\.split)),
      of: joined(root, domain.name))
    guard !chosen.isEmpty else { return nil }
    var rows: [ListCheck.Row] = []
    var ignored = 0
    var training: Set<String> = []
    for list in lists {
      let isChosen = chosen.contains(list.split)
      guard isChosen || list.split == SplitName.train else { continue }
      for entry in try DomainList.read(list.path) {
        if list.split == SplitName.train { training.insert(entry.path) }
        guard isChosen else { continue }
        let label = try checkedLabel(entry, list: list.path)
        if isLeftOut(entry.path) {
          ignored += 1
        } else {
          let sample = Dataset.Sample(path: entry.path, label: label, domain: domain.name)
          rows.append((sample, list.path, entry.line))
        }
      }
    }
    guard !rows.isEmpty else {
      throw .badData(
        "\(root): the \(chosen.joined(separator: ", ")) list of \(domain.name) is empty",
        remedy: "Fetch the list again.")
    }
    if chosen.count > 1 { rows = ListCheck.once(rows) }
    let found = try ListCheck.present(rows, root: root, allowMissing: request.allowMissing)
    let isWhole =
      chosen.count > 1
      || chosen == [SplitName.test] && rows.contains { training.contains($0.sample.path) }
    return Dataset(
      name: "\(kind)/\(domain.name)", kind: kind,
      rule: "the label is the number in the domain's list minus 1, which is checked against the "
        + "class folder's name" + suffix,
      split: isWhole ? SplitName.all : chosen[0], root: root,
      classes: benchmark.classes.map(readable), samples: found.samples,
      expectedImages: isWhole
        ? PublishedCount.expected(among: domain.images, found: rows.count) : rows.count,
      conditions: ListCheck.conditions(found.missing), ignoredFiles: ignored,
      missingFiles: found.missing)
  }

  /// What the rule says of names and of images that are left out.
  private var suffix: String {
    "; the class name is the folder's in that list with underscores as spaces"
      + benchmark.leftOut.sorted().map { "; \($0) is left out as faulty" }.joined()
  }

  /// The images of one folder of class folders.
  private struct Content {
    var samples: [Dataset.Sample] = []
    var ignored = 0
    /// What was read, as `<label>/<file>`: splits may overlap.
    var seen: Set<String> = []
  }

  private func read(
    _ folder: String, of domain: DomainBenchmark.Domain, root: String, into content: inout Content
  ) throws(HoldfastError) {
    let listing = try FolderListing(joined(root, folder))
    content.ignored += listing.files.count + listing.hidden
    for name in listing.folders {
      guard let label = self.label(of: name) else {
        let near = nearestName(to: name, among: benchmark.classes)
        throw .badData(
          "\(joined(root, folder)): '\(excerpt(name))' is not one of the "
            + "\(benchmark.classes.count) classes of \(kind)",
          remedy: "\(near.map { "Did you mean '\($0)'? " } ?? "")Remove or rename the folder, or "
            + "read the images as folder:\(joined(root, folder)).")
      }
      let inside = try FolderListing(joined(root, folder + "/" + name))
      content.ignored += inside.hidden + inside.folders.count
      for file in inside.files {
        let path = folder + "/" + name + "/" + file
        guard isImageName(file),
          !isLeftOut("\(domain.name)/\(benchmark.classes[label])/\(file)")
        else {
          content.ignored += 1
          continue
        }
        guard content.seen.insert("\(label)/\(file)").inserted else { continue }
        content.samples.append(Dataset.Sample(path: path, label: label, domain: domain.name))
      }
    }
  }

  /// The folder of each split in a domain's folder; none where its folders are classes.
  private func splitFolders(
    _ listing: FolderListing, of place: String
  ) throws(HoldfastError) -> [String: String] {
    var splits: [String: String] = [:]
    var other: String?
    for folder in listing.folders {
      let name =
        switch folder {
        case "crossval": SplitName.validation
        case "full": SplitName.all
        default: SplitName.canonical(folder)
        }
      guard [SplitName.train, SplitName.validation, SplitName.test, SplitName.all].contains(name)
      else {
        other = other ?? folder
        continue
      }
      if let twin = splits.updateValue(folder, forKey: name) {
        throw .badData(
          "\(place): the folders \(twin) and \(folder) are both the \(name) split",
          remedy: "Keep one of them.")
      }
    }
    if let other, let split = splits.values.min() {
      throw .badData(
        "\(place): there are the split '\(split)' and beside it '\(excerpt(other))', which is none",
        remedy: "Put class folders either into splits or beside each other.")
    }
    return splits
  }

  /// The label of a class folder, by its name or where that is usual by its number.
  private func label(of folder: String) -> Int? {
    let key = DomainBenchmark.key(folder)
    if let label = benchmark.classes.firstIndex(where: { DomainBenchmark.key($0) == key }) {
      return label
    }
    guard benchmark.isNumbered, let number = Int(folder), benchmark.classes.indices.contains(number)
    else { return nil }
    return number
  }

  /// The label of a list's line, from 0.
  private func checkedLabel(
    _ entry: DomainList.Entry, list: String
  ) throws(HoldfastError) -> Int {
    guard let label = label(of: entry.folder) else {
      throw .badData(
        "\(list):\(entry.line): '\(excerpt(entry.folder))' is not one of the "
          + "\(benchmark.classes.count) classes of \(kind)",
        remedy: "Fetch the list again.")
    }
    guard entry.label == label + 1 else {
      throw .badData(
        "\(list):\(entry.line): the label \(entry.label) is not that of '\(excerpt(entry.folder))', "
          + "which is \(label + 1) as these lists count from 1",
        remedy: "Fetch the list again, or number its classes from 1.")
    }
    return label
  }

  private func isLeftOut(_ path: String) -> Bool {
    benchmark.leftOut.contains { path == $0 || path.hasSuffix("/" + $0) }
  }
}
