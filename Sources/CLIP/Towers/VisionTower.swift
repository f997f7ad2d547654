import Basics
import Torch

/// CLIP's image tower: pixels to features.
///
/// A cheap struct of views of its weights.
public struct VisionTower {
  private enum Network {
    case transformer(VisionTransformer)
    case resNet(ModifiedResNet)
  }

  private let network: Network

  /// A tower over the given parameters.
  public init(
    _ architecture: CLIPArchitecture, _ source: some ParameterSource
  ) throws(HoldfastError) {
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
  /// - Parameter pixels: `[batch, 3, size, size]`, normalised as the checkpoint's preprocessor says.
  /// - Returns: `[batch, projection width]`.
  public func callAsFunction(_ pixels: Tensor) throws(HoldfastError) -> Tensor {
    switch network {
    case .transformer(let tower): return try tower(pixels)
    case .resNet(let tower): return try tower(pixels)
    }
  }

  /// What the tower sees before it is pooled.
  ///
  /// - Returns: The last layer's tokens before the final norm, `[batch, 1 + patches, width]`; of a
  ///   ResNet the last stage's map, `[batch, 32 · width, size / 32, size / 32]`.
  public func hiddenState(_ pixels: Tensor) throws(HoldfastError) -> Tensor {
    switch network {
    case .transformer(let tower): return try tower.hiddenState(pixels)
    case .resNet(let tower): return try tower.hiddenState(pixels)
    }
  }
}
