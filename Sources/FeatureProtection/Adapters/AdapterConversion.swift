import Basics
import CLIP
import Foundation
import Torch

/// An adapter that is written anew under another library's names of modules.
public struct AdapterConversion {
  /// The folder it was read from.
  public let source: String
  public let adapters: LowRankAdapters
  private let base: Checkpoint
  private let location: String

  /// Reads an adapter.
  ///
  /// - Parameters:
  ///   - folder: As PEFT stores it, with the names of either library.
  ///   - base: The model that it was trained on.
  ///   - location: What `base_model_name_or_path` is to name it as.
  /// - Throws: `HoldfastError` where the adapter does not fit the model.
  public init(
    _ folder: String, of base: Checkpoint, at location: String
  ) throws(HoldfastError) {
    source = (folder as NSString).expandingTildeInPath
    adapters = try LowRankAdapters.read(source, for: base.weights.layout)
    self.base = base
    self.location = location
  }

  /// Writes the adapter, and the head beside it where there is one, and reads it again.
  ///
  /// - Returns: The largest difference between the weights that either adapter gives the model, as a
  ///   share of the largest weight of its tensor. Fused updates are sums in another order, so that it
  ///   may be a few units of the last place.
  /// - Throws: `HoldfastError` of kind `usage` where the library has no module for an update,
  ///   `cannotWrite` where what was written reads back as another adapter.
  public func write(to folder: String, naming: AdapterNaming) throws(HoldfastError) -> Double {
    let head = "\(source)/\(ClassificationHead.fileName)"
    let own =
      FileManager.default.fileExists(atPath: head) ? try ClassificationHead.read(head) : nil
    try adapters.write(
      to: folder, baseModel: ModelLocation.absolute(location), naming: naming)
    let place = "\(folder)/\(ClassificationHead.fileName)"
    if let own {
      try own.write(place)
    } else {
      // That of an earlier adapter in the same folder.
      try? FileManager.default.removeItem(atPath: place)
    }
    let again = try LowRankAdapters.read(folder, for: base.weights.layout)
    let difference = try difference(of: again)
    guard difference <= Self.tolerance else {
      throw .cannotWrite(
        "\(folder): reads back as another adapter, by \(difference) of its weights",
        remedy: "Check the disk, and convert again.")
    }
    return difference
  }

  /// Sums of float32 products in another order.
  private static let tolerance = 1e-5

  private func difference(of other: LowRankAdapters) throws(HoldfastError) -> Double {
    let names = Set(adapters.modules + other.modules).map { "\($0).weight" }
    let (ours, theirs) = try (adapters.merged(into: base.weights), other.merged(into: base.weights))
    var largest = 0.0
    for name in names {
      let values = try ours.tensor(name).elements(as: Float.self)
      let others = try theirs.tensor(name).elements(as: Float.self)
      let scale = values.reduce(0) { max($0, abs($1)) }
      let gap = zip(values, others).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
      if scale > 0 { largest = max(largest, Double(gap / scale)) }
    }
    return largest
  }
}
