import Basics
import CLIP
import Foundation

extension Checkpoint {
  /// The model with an adapter's updates added to its weights, of either tower.
  ///
  /// A `head.safetensors` beside the adapter, which training writes there, becomes the model's head.
  ///
  /// - Throws: `HoldfastError` where the adapter or its head does not fit the model.
  public func merged(withAdapter folder: String) throws(HoldfastError) -> Checkpoint {
    var result = self
    result.weights = try LowRankAdapters.read(folder, for: weights.layout).merged(into: weights)
    let path = "\(folder)/\(ClassificationHead.fileName)"
    guard FileManager.default.fileExists(atPath: path) else { return result }
    let head = try ClassificationHead.read(path)
    guard head.weight.shape[1] == architecture.width(of: head.features) else {
      throw .badData(
        "\(path): the head is \(head.weight.shape[1]) wide, the model's \(head.features) features "
          + "\(architecture.width(of: head.features))",
        remedy: "Use the head that belongs to this adapter.")
    }
    result.head = head
    return result
  }
}
