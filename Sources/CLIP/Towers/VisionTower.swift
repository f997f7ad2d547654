import Basics
import Torch

/// CLIP's image tower: pixels to features.
///
/// A cheap struct of views of its weights.
public struct VisionTower: Sendable {
  private enum Network {
    case transformer(VisionTransformer)
    case resNet(ModifiedResNet)
  }

  private let network: Network
  private let imageSize: Int

  /// A tower over the given parameters.
  public init(
    _ architecture: CLIPArchitecture, _ source: some ParameterSource
  ) throws(HoldfastError) {
    imageSize = architecture.imageSize
    switch architecture.vision {
    case .transformer(let transformer, let patchSize):
      network = .transformer(
        try VisionTransformer(
          transformer, patchSize: patchSize, gridSide: architecture.gridSide, source))
    case .resNet(let resNet):
      network = .resNet(try ModifiedResNet(resNet, source))
    }
  }

  /// The features of a batch of images, not normalised.
  ///
  /// - Parameters:
  ///   - pixels: `[batch, 3, size, size]`, normalised as the checkpoint's preprocessor says.
  ///   - features: Those after the projection unless said otherwise.
  /// - Returns: `[batch, projection width]`, or the width of other features.
  /// - Throws: `HoldfastError` of kind `usage` where images are of another size than the model's.
  public func callAsFunction(
    _ pixels: Tensor, _ features: HeadFeatures = .projected
  ) throws(HoldfastError) -> Tensor {
    try requireSize(of: pixels)
    switch network {
    case .transformer(let tower): return try tower(pixels, features)
    case .resNet(let tower): return try tower(pixels, features)
    }
  }

  /// What the tower sees before it is pooled.
  ///
  /// - Returns: The last layer's tokens before the final norm, `[batch, 1 + patches, width]`; of a
  ///   ResNet the last stage's map, `[batch, 32 · width, size / 32, size / 32]`.
  public func hiddenState(_ pixels: Tensor) throws(HoldfastError) -> Tensor {
    try requireSize(of: pixels)
    switch network {
    case .transformer(let tower): return try tower.hiddenState(pixels)
    case .resNet(let tower): return try tower.hiddenState(pixels)
    }
  }

  /// Without this, larger images would pass for more of them: rows are counted by division.
  private func requireSize(of pixels: Tensor) throws(HoldfastError) {
    let shape = pixels.shape
    guard shape.count == 4, Array(shape.dropFirst()) == [3, imageSize, imageSize] else {
      throw .usage(
        "pixels are \(shape), the model sees [batch, 3, \(imageSize), \(imageSize)]",
        remedy: "Preprocess images for the model, or resize its position embeddings.")
    }
  }
}
