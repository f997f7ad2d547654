import Basics
import Foundation

/// Where the shards of a webdataset lie, and which split each belongs to.
struct ShardFolder {
  /// Shards that belong together.
  struct Part {
    /// Those that are there, relative to the root, in byte order.
    var shards: [String] = []
    /// Those that a pattern or `nshards.txt` counts and that are not there.
    var missing: [String] = []
  }

  /// The folder that shards are relative to.
  let root: String
  /// What results call the set.
  let name: String
  /// The shards of each split; all of them under `all` where nothing is split.
  private(set) var parts: [String: Part] = [:]
  /// How many files there are that have nothing to do with it.
  private(set) var ignoredFiles = 0

  /// Whether the shards are split.
  var isSplit: Bool { parts[SplitName.all] == nil }

  private static let splits = [SplitName.train, SplitName.validation, SplitName.test]
  private static let countFile = "nshards.txt"
  static let classFile = "classnames.txt"
  static let typeFile = "dataset_type.txt"
  /// Files beside the shards that say something about them; CLIP_benchmark writes them.
  private static let known: Set<String> = [
    countFile, classFile, typeFile, "zeroshot_classification_templates.txt",
  ]

  /// Whether a path looks like shards; looks at names only.
  static func recognises(_ path: String) -> Bool {
    if isArchive(path) { return path.contains("{") || isThere(path) }
    guard let listing = try? FolderListing(path) else { return false }
    // ImageNet's own archives are no shards.
    if listing.folders.isEmpty {
      return listing.files.contains { isArchive($0) && !$0.hasPrefix("ILSVRC") }
    }
    return listing.folders.contains { folder in
      guard splits.contains(SplitName.canonical(folder)),
        let inside = try? FolderListing(joined(path, folder))
      else { return false }
      return inside.files.contains(where: isArchive)
    }
  }

  /// Looks for shards.
  ///
  /// - Parameter path: An archive, a pattern such as `shard-{000..012}.tar`, a folder of archives,
  ///   or one with a folder a split.
  /// - Throws: `HoldfastError` of kind `badData` where there are none, or where the names of some
  ///   say to which split they belong and those of others do not.
  init(_ path: String) throws(HoldfastError) {
    let pattern = try ShardPattern(lastName(path))
    guard pattern != nil || Self.isArchive(path) else {
      root = path
      name = lastName(path)
      try addFolder()
      return
    }
    let folder = (path as NSString).deletingLastPathComponent
    root = folder.isEmpty ? "." : folder
    let stem = lastName(path).prefix { $0 != "{" }
    let title = (String(stem) as NSString).deletingPathExtension
      .trimmingCharacters(in: CharacterSet(charactersIn: "-_."))
    name = title.isEmpty ? lastName(root) : title
    let there = Set(try FolderListing(root).files)
    let wanted = pattern?.names ?? [lastName(path)]
    parts[SplitName.all] = Part(
      shards: wanted.filter(there.contains), missing: wanted.filter { !there.contains($0) })
  }

  /// The path of a file that stands in the root or, where the root is a split's folder, above it.
  func companion(_ name: String) -> String? {
    [name, "../" + name].map { joined(root, $0) }.first(where: isThere)
  }

  private mutating func addFolder() throws(HoldfastError) {
    let listing = try FolderListing(root)
    ignoredFiles = listing.hidden
    for folder in listing.folders {
      let split = SplitName.canonical(folder)
      guard Self.splits.contains(split) else { continue }
      let part = try part(in: folder)
      guard !part.shards.isEmpty || !part.missing.isEmpty else { continue }
      guard parts.updateValue(part, forKey: split) == nil else {
        throw .badData(
          "\(root): two folders are both the \(split) split", remedy: "Keep one of them.")
      }
    }
    guard parts.isEmpty else { return }
    let whole = try part(in: "")
    guard !whole.shards.isEmpty || !whole.missing.isEmpty else {
      throw .badData(
        "\(root): there are no .tar archives in it",
        remedy: "Name a folder of shards, or one with a folder a split.")
    }
    let named = Dictionary(grouping: whole.shards, by: Self.split)
    guard named[nil] == nil || named.count == 1 else {
      throw .badData(
        "\(root): the archives' names say of some to which split they belong, but not of "
          + "\(excerpt(named[nil]?.first ?? ""))",
        remedy: "Put the archives of each split into a folder of its own.")
    }
    if named[nil] != nil || named.isEmpty {
      parts[SplitName.all] = whole
    } else {
      for (split, shards) in named { parts[split ?? SplitName.all] = Part(shards: shards) }
    }
  }

  /// The shards in a folder of the root, with those that its `nshards.txt` counts.
  private mutating func part(in folder: String) throws(HoldfastError) -> Part {
    let place = joined(root, folder)
    let listing = try FolderListing(place)
    let relative = { (name: String) in folder.isEmpty ? name : folder + "/" + name }
    var part = Part(shards: listing.files.filter(Self.isArchive).map(relative))
    ignoredFiles += listing.files.count { !Self.isArchive($0) && !Self.known.contains($0) }
    guard listing.files.contains(Self.countFile) else { return part }
    let source = joined(place, Self.countFile)
    let text = String(decoding: try TextFile.bytes(source).prefix(100), as: UTF8.self)
    guard let count = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)),
      (1...ShardPattern.limit).contains(count)
    else {
      throw .badData(
        "\(source): '\(excerpt(text))' is no number of shards", remedy: "Fetch the file again.")
    }
    let there = Set(part.shards)
    let wanted = (0..<count).map { relative("\($0).tar") }
    part.missing = wanted.filter { !there.contains($0) }
    let more = there.subtracting(wanted)
    guard more.isEmpty else {
      throw .badData(
        "\(place): \(excerpt(more.min() ?? "")) is not one of the \(count) shards of "
          + Self.countFile, remedy: "Remove it, or correct the number.")
    }
    return part
  }

  /// The split that a shard's name tells: `val` of `imagenet1k-validation-00.tar`.
  private static func split(_ shard: String) -> String? {
    let words = shard.split { !$0.isLetter }.map { SplitName.canonical(String($0)) }
    let told = Set(words).intersection(splits)
    return told.count == 1 ? told.first : nil
  }

  private static func isArchive(_ name: String) -> Bool {
    name.hasSuffix(".tar")
  }
}
