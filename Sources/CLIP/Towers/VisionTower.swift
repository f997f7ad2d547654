import Basics
import Torch

/// CLIP's vision transformer: pixels to features.
///
/// A cheap struct of views of its weights.
public struct VisionTower {
  private let architecture: CLIPArchitecture
  private let classEmbedding: Tensor
  private let patchWeight: Tensor
  private let positions: Tensor
  private let firstNorm: LayerNorm
  private let transformer: Transformer
  private let lastNorm: LayerNorm
  private let projection: Tensor

  /// A tower over the given parameters.
  public init(
    _ architecture: CLIPArchitecture, _ source: some ParameterSource
  ) throws(HoldfastError) {
    self.architecture = architecture
    let embeddings = "vision_model.embeddings"
    let epsilon = architecture.vision.layerNormEpsilon
    classEmbedding = try source.tensor("\(embeddings).class_embedding")
    patchWeight = try source.tensor("\(embeddings).patch_embedding.weight")
    positions = try source.tensor("\(embeddings).position_embedding.weight")
    firstNorm = try LayerNorm("vision_model.pre_layrnorm", source, epsilon)
    transformer = try Transformer("vision_model.encoder.layers", architecture.vision, source)
    lastNorm = try LayerNorm("vision_model.post_layernorm", source, epsilon)
    projection = try source.tensor("visual_projection.weight")
  }

  /// The features of a batch of images, not normalised.
  ///
  /// - Parameter pixels: `[batch, 3, size, size]`, normalised as the checkpoint's preprocessor says.
  /// - Returns: `[batch, projection width]`.
  public func callAsFunction(_ pixels: Tensor) throws(HoldfastError) -> Tensor {
    let tokens = try hiddenState(pixels)
    return try lastNorm(tokens.narrowed(dimension: 1, from: 0, count: 1).reshaped(-1, width))
      .linear(projection)
  }

  /// The last layer's tokens, before the final norm: `[batch, 1 + patches, width]`.
  public func hiddenState(_ pixels: Tensor) throws(HoldfastError) -> Tensor {
    let batch = pixels.shape.first ?? 0
    let classToken = try classEmbedding.reshaped(1, 1, width).expanded(batch, 1, width)
    let tokens = try Tensor.concatenated([classToken, patches(pixels)], dimension: 1) + positions
    return try transformer(firstNorm(tokens), causal: false)
  }

  private var width: Int { architecture.vision.width }

  /// The patch embedding.
  ///
  /// A convolution whose stride is its size is one matrix product over patches, which is faster
  /// than libtorch's convolution here.
  private func patches(_ pixels: Tensor) throws(HoldfastError) -> Tensor {
    let patch = architecture.patchSize
    let grid = architecture.imageSize / patch
    return
      try pixels
      .reshaped(-1, 3, grid, patch, grid, patch)
      .permuted(0, 2, 4, 1, 3, 5)
      .reshaped(-1, grid * grid, 3 * patch * patch)
      .linear(patchWeight.reshaped(width, -1))
  }
}
