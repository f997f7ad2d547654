import Basics
import Foundation
import Images

/// The labelled images in one shard of a webdataset.
///
/// Members whose names agree up to the first dot of the last component belong together:
/// `0001.jpg` is the image, `0001.cls` its class index, `0001.txt` its class name, and
/// `0001.json` may hold either under `label`, `cls` or `class`.
struct ShardContent {
  /// A label as it stands in the shard.
  enum Label: Hashable {
    case index(Int)
    case name(String)
  }

  /// The images with the shard's name before theirs; the labels of `samples` mean nothing yet.
  private(set) var samples: [(sample: Dataset.Sample, label: Label)] = []
  /// How many members are neither images nor labels.
  private(set) var ignoredFiles = 0

  private static let images: Set<String> = ["jpg", "jpeg", "png", "webp"]
  private static let labels = ["cls", "json", "txt"]

  /// What was found under one key.
  private struct Entry {
    var image: TarArchive.Member?
    var labels: [String: [UInt8]] = [:]
  }

  /// Reads a shard.
  ///
  /// - Parameters:
  ///   - shard: Relative to the root.
  /// - Throws: `HoldfastError` of kind `badData` for an archive that is damaged, an image without a
  ///   label or with two, and a label that is none.
  init(_ shard: String, root: String) throws(HoldfastError) {
    let path = joined(root, shard)
    var entries: [String: Entry] = [:]
    let archive = try TarArchive(
      path, wanted: { Self.labels.contains(Self.parts($0)?.ending ?? "") }
    ) { (member, bytes) throws(HoldfastError) in
      guard let (key, ending) = Self.parts(member.name) else { return }
      guard entries[key, default: Entry()].labels.updateValue(bytes, forKey: ending) == nil else {
        throw Self.problem(path, member.name, "is there twice")
      }
    }
    ignoredFiles = archive.skipped
    for member in archive.members {
      guard let (key, ending) = Self.parts(member.name) else {
        ignoredFiles += 1
        continue
      }
      if Self.images.contains(ending) {
        guard entries[key, default: Entry()].image == nil else {
          throw Self.problem(path, member.name, "is a second image of its name")
        }
        entries[key, default: Entry()].image = member
      } else if !Self.labels.contains(ending) {
        ignoredFiles += 1
      }
    }
    samples.reserveCapacity(entries.count)
    for (key, entry) in entries {
      guard let image = entry.image else {
        guard entry.labels["cls"] == nil else {
          throw Self.problem(path, key + ".cls", "labels an image that is not there")
        }
        ignoredFiles += entry.labels.count
        continue
      }
      samples.append(
        (
          Dataset.Sample(
            path: shard + "/" + image.name, label: 0,
            slice: FileSlice(file: shard, offset: image.offset, count: image.count)),
          try Self.label(entry, image: image.name, path: path)
        ))
    }
  }

  /// A member's key and its ending in lower case; nil for a name without either.
  private static func parts(_ name: String) -> (key: String, ending: String)? {
    let start = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
    guard let dot = name[start...].firstIndex(of: "."), dot > start else { return nil }
    return (String(name[..<dot]), name[name.index(after: dot)...].lowercased())
  }

  private static func label(
    _ entry: Entry, image: String, path: String
  ) throws(HoldfastError) -> Label {
    guard let ending = labels.first(where: { entry.labels[$0] != nil }),
      let bytes = entry.labels[ending]
    else {
      throw problem(path, image, "has no label: neither .cls nor .json nor .txt")
    }
    if ending == "json" {
      let value = try JSONValue.parse(Data(bytes), source: "\(path)/\(image)")
      for key in ["label", "cls", "class"] {
        if let index = value[key]?.int { return .index(index) }
        if let name = value[key]?.string, !name.isEmpty { return .name(name) }
      }
      throw problem(path, image, "has a .json without a label, cls or class")
    }
    let text = String(validatingBytes: bytes)?.trimmingCharacters(in: .whitespacesAndNewlines)
    guard let text, !text.isEmpty, !text.contains(where: \.isNewline) else {
      throw problem(path, image, "has a label in .\(ending) that is not one line of text")
    }
    if ending == "txt" { return .name(text) }
    guard let index = Int(text) else {
      throw problem(path, image, "has the class '\(excerpt(text))', which is no number")
    }
    return .index(index)
  }

  private static func problem(_ path: String, _ name: String, _ what: String) -> HoldfastError {
    .badData("\(path): \(excerpt(name)) \(what)", remedy: "Make the archive again.")
  }
}
