import Basics
import Foundation
import Torch

extension Checkpoint {
  /// The same model for images of another size: its table of positions is resized, and its
  /// preprocessing with it.
  ///
  /// - Parameter imageSize: The side in pixels: a multiple of the patch size, or of 32 for a ResNet.
  /// - Throws: `HoldfastError` of kind `usage` where the size is none for this model, `badData` where
  ///   its preprocessing is more than a resize to the model's size.
  public func resized(to imageSize: Int) throws(HoldfastError) -> Checkpoint {
    var result = self
    (result.architecture, result.weights) = try architecture.resizing(weights, to: imageSize)
    guard imageSize != architecture.imageSize else { return result }
    let preprocessing = try OpenCLIPPreprocessing(
      huggingFace: preprocessorConfiguration(), imageSize: architecture.imageSize,
      source: "\(folder)/preprocessor_config.json")
    let text = preprocessing.huggingFace(imageSize: imageSize).text(pretty: true)
    result.files["preprocessor_config.json"] = Data((text + "\n").utf8)
    result.files["processor_config.json"] = nil
    return result
  }
}
