import Basics
import Torch

/// CLIP's vision transformer, a struct of views of its weights.
///
/// Radford et al. 2021, arXiv 2103.00020; Dosovitskiy et al. 2020, arXiv 2010.11929.
struct VisionTransformer {
  private let width: Int
  private let patchSize: Int
  private let gridSide: Int
  private let classEmbedding: Tensor
  private let patchWeight: Tensor
  private let positions: Tensor
  private let firstNorm: LayerNorm
  private let fusedEmbedding: FusedEmbedding?
  private let transformer: Transformer
  private let lastNorm: LayerNorm
  private let projection: Tensor

  init(
    _ architecture: TransformerArchitecture, patchSize: Int, gridSide: Int,
    _ source: some ParameterSource
  ) throws(HoldfastError) {
    width = architecture.width
    self.patchSize = patchSize
    self.gridSide = gridSide
    let embeddings = "vision_model.embeddings"
    let epsilon = architecture.layerNormEpsilon
    classEmbedding = try source.tensor("\(embeddings).class_embedding")
    patchWeight = try source.tensor("\(embeddings).patch_embedding.weight")
    positions = try source.tensor(VisionArchitecture.patchPositionsName)
    firstNorm = try LayerNorm("vision_model.pre_layrnorm", source, epsilon)
    fusedEmbedding = FusedEmbedding(
      patches: patchWeight, classToken: classEmbedding, positions: positions,
      norm: (firstNorm.weight, firstNorm.bias), epsilon: epsilon)
    transformer = try Transformer("vision_model.encoder.layers", architecture, source)
    lastNorm = try LayerNorm("vision_model.post_layernorm", source, epsilon)
    projection = try source.tensor("visual_projection.weight")
  }

  /// Features `[batch, projection width]`, or `[batch, width]`, of pixels `[batch, 3, size, size]`.
  func callAsFunction(
    _ pixels: Tensor, _ features: HeadFeatures
  ) throws(HoldfastError) -> Tensor {
    let pooled = try lastNorm(transformer.first(embedded(pixels)))
    return features == .pooled ? pooled : try pooled.linear(projection)
  }

  /// The last layer's tokens, before the final norm: `[batch, 1 + patches, width]`.
  func hiddenState(_ pixels: Tensor) throws(HoldfastError) -> Tensor {
    try transformer(embedded(pixels), causal: false)
  }

  /// The class token and the patches, with their positions and the first norm.
  private func embedded(_ pixels: Tensor) throws(HoldfastError) -> Tensor {
    if FastPaths.areOn, let fusedEmbedding, pixels.dtype == .float32 {
      return try fusedEmbedding(pixels)
    }
    let batch = pixels.shape.first ?? 0
    let classToken = try classEmbedding.reshaped(1, 1, width).expanded(batch, 1, width)
    let tokens = try Tensor.concatenated([classToken, patches(pixels)], dimension: 1) + positions
    return try firstNorm(tokens)
  }

  /// The patch embedding.
  ///
  /// A convolution whose stride is its size is one matrix product over patches, which is faster
  /// than libtorch's convolution here.
  private func patches(_ pixels: Tensor) throws(HoldfastError) -> Tensor {
    try pixels
      .reshaped(-1, 3, gridSide, patchSize, gridSide, patchSize)
      .permuted(0, 2, 4, 1, 3, 5)
      .reshaped(-1, gridSide * gridSide, 3 * patchSize * patchSize)
      .linear(patchWeight.reshaped(width, -1))
  }
}
