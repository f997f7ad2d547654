import Basics
import Foundation

/// Tensors spread over several files of one folder, which an index lists:
/// `model.safetensors.index.json` or `pytorch_model.bin.index.json`.
public struct ShardedTensorFile: TensorFile {
  /// The index.
  public let path: String
  public let names: [String]
  public let metadata: [String: String]
  private let shards: [String: any TensorFile]
  private let places: [String: String]

  static let shardLimit = 10_000

  /// Reads an index and opens every file that it names.
  ///
  /// - Parameter index: The path; the shards are plain names of files in its folder.
  /// - Throws: `HoldfastError` where a shard is missing, or lacks a tensor that the index gives it.
  public init(index: String) throws(HoldfastError) {
    path = index
    let folder = (index as NSString).deletingLastPathComponent
    let members = try Self.weightMap(index)
    var shards: [String: any TensorFile] = [:]
    for name in Set(members.values).sorted() {
      let shard = folder.isEmpty ? name : "\(folder)/\(name)"
      guard FileManager.default.fileExists(atPath: shard) else {
        throw .missingInput(
          "\(shard): no such file, though \(index) lists it",
          remedy: "Fetch all \(Set(members.values).count) files that the index lists.")
      }
      shards[name] =
        name.hasSuffix(".safetensors")
        ? try SafetensorsFile(path: shard) : try TorchFile(path: shard)
    }
    for (name, place) in members.sorted(by: { $0.key < $1.key })
    where shards[place]?.shape(of: name) == nil {
      throw .badData(
        "\(index): \(place) does not hold \(name)", remedy: "Fetch the index and its files again.")
    }
    self.shards = shards
    places = members
    names = shards.sorted { $0.key < $1.key }.flatMap { place, shard in
      shard.names.filter { members[$0] == place }
    }
    metadata = shards.min { $0.key < $1.key }?.value.metadata ?? [:]
  }

  public func shape(of name: String) -> [Int]? {
    places[name].flatMap { shards[$0] }?.shape(of: name)
  }

  public func tensor(_ name: String) throws(HoldfastError) -> Tensor {
    try shard(with: name).tensor(name)
  }

  public func borrowed(_ name: String) throws(HoldfastError) -> Tensor {
    try shard(with: name).borrowed(name)
  }

  private func shard(with name: String) throws(HoldfastError) -> any TensorFile {
    guard let shard = places[name].flatMap({ shards[$0] }) else {
      throw .badData(
        "\(path): there is no tensor \(name)", remedy: "Check that the file is the right one.")
    }
    return shard
  }

  private static func weightMap(_ path: String) throws(HoldfastError) -> [String: String] {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    else {
      throw .missingInput(
        "\(path): the file cannot be opened", remedy: "Check the path and its permissions.")
    }
    guard data.count <= SafetensorsFile.headerLimit else {
      throw .badData(
        "\(path): larger than \(SafetensorsFile.headerLimit) bytes",
        remedy: "Check that this is an index.")
    }
    guard let members = try JSONValue.parse(data, source: path)["weight_map"]?.object,
      !members.isEmpty
    else {
      throw .badData("\(path): has no weight_map", remedy: "Fetch the index again.")
    }
    var places: [String: String] = [:]
    for (name, value) in members {
      guard let file = value.string, isPlainName(file) else {
        throw .badData(
          "\(path): \(name) lies in \(value.text()), which is no plain name of a file beside it",
          remedy: "Fetch the index again.")
      }
      places[name] = file
    }
    guard Set(places.values).count <= shardLimit else {
      throw .badData("\(path): lists more than \(shardLimit) files", remedy: "Fetch it again.")
    }
    return places
  }

  private static func isPlainName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.contains("/") && !name.contains("\0")
      && name.utf8.count <= 255
  }
}
