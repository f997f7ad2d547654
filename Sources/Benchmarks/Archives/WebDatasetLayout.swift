import Basics

/// A webdataset: tar archives in which `<key>.jpg` lies beside `<key>.cls`, `.txt` or `.json`.
///
/// Also as CLIP_benchmark writes it, with `<split>/nshards.txt` and `classnames.txt`. Images are
/// read where they lie in the archives.
struct WebDatasetLayout: DatasetLayout {
  let kind = "webdataset"
  let looks = "shards *.tar with <key>.jpg and <key>.cls, or <split>/*.tar"

  func recognises(_ path: String) -> Bool {
    ShardFolder.recognises(path)
  }

  func open(_ request: DatasetRequest) throws(HoldfastError) -> [Dataset] {
    let folder = try ShardFolder(request.path)
    try refuseCaptions(folder)
    let chosen: [String]
    if folder.isSplit {
      chosen = try SplitName.chosen(
        for: request.purpose, forced: request.split, among: Set(folder.parts.keys),
        of: request.path)
    } else {
      chosen =
        try SplitName.wholeServes(
          request.purpose, forced: request.split, of: request.path) ? [SplitName.all] : []
    }
    guard !chosen.isEmpty else { return [] }
    let parts = chosen.compactMap { folder.parts[$0] }
    let missing = parts.flatMap(\.missing)
    guard missing.isEmpty || request.allowMissing && parts.contains(where: { !$0.shards.isEmpty })
    else {
      throw .missingInput(
        "\(folder.root): \(missing.count) archives are missing, the first is \(missing[0])",
        remedy: "Fetch them, or accept the rest with --allow-missing.")
    }
    let contents = try read(parts.flatMap(\.shards), root: folder.root)
    let classes = try classes(folder, chosen, contents)
    var samples: [Dataset.Sample] = []
    samples.reserveCapacity(contents.reduce(0) { $0 + $1.samples.count })
    for (sample, label) in contents.lazy.flatMap(\.samples) {
      guard let index = classes.index(label) else {
        throw .badData(
          "\(joined(folder.root, sample.path)): the label \(Self.text(label)) is none of the "
            + "\(classes.names.count) classes",
          remedy: "Correct the label, or \(ShardFolder.classFile).")
      }
      var sample = sample
      sample.label = index
      samples.append(sample)
    }
    guard !samples.isEmpty else {
      throw .badData(
        "\(request.path): there are no images (jpg, jpeg, png, webp) in the archives",
        remedy: "Name a webdataset: <key>.jpg with <key>.cls in .tar archives.")
    }
    return [
      Dataset(
        name: folder.name, kind: kind, rule: classes.rule,
        split: chosen.count == 1 ? chosen[0] : SplitName.all, root: folder.root,
        classes: classes.names, samples: samples,
        conditions: missing.isEmpty ? [:] : ["missing-archives": .integer(missing.count)],
        ignoredFiles: folder.ignoredFiles + contents.reduce(0) { $0 + $1.ignoredFiles },
        missingFiles: missing)
    ]
  }

  private func read(_ shards: [String], root: String) throws(HoldfastError) -> [ShardContent] {
    let recorder = DependencyRecorder.current
    let results = concurrentMap(shards) { shard in
      Result { () throws(HoldfastError) in
        // The reading happens on other threads, which do not know the task's recorder.
        guard let recorder else { return try ShardContent(shard, root: root) }
        return try recorder.recording { () throws(HoldfastError) in
          try ShardContent(shard, root: root)
        }
      }
    }
    var contents: [ShardContent] = []
    for result in results { contents.append(try result.get()) }
    return contents
  }

  /// The names in a list, else those of the labels; names over all splits, so that splits agree.
  private func classes(
    _ folder: ShardFolder, _ chosen: [String], _ contents: [ShardContent]
  ) throws(HoldfastError) -> ShardClasses {
    if let list = folder.companion(ShardFolder.classFile) { return try ShardClasses(listIn: list) }
    var labels = Set(contents.lazy.flatMap(\.samples).map(\.label))
    let hasNames = labels.contains { if case .name = $0 { true } else { false } }
    if hasNames {
      let others = folder.parts.filter { !chosen.contains($0.key) }.flatMap(\.value.shards)
      for content in try read(others, root: folder.root) {
        labels.formUnion(content.samples.map(\.label))
      }
    }
    return try ShardClasses(of: labels, source: folder.root)
  }

  private func refuseCaptions(_ folder: ShardFolder) throws(HoldfastError) {
    guard let path = folder.companion(ShardFolder.typeFile) else { return }
    let type = String(decoding: try TextFile.bytes(path).prefix(100), as: UTF8.self)
    guard !type.lowercased().hasPrefix("retrieval") else {
      throw .badData(
        "\(path): the texts of this webdataset are captions, not classes",
        remedy: "Name a webdataset for classification.")
    }
  }

  private static func text(_ label: ShardContent.Label) -> String {
    switch label {
    case .index(let index): String(index)
    case .name(let name): "'\(excerpt(name))'"
    }
  }
}
