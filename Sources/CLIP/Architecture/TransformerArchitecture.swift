/// The sizes of one transformer.
public struct TransformerArchitecture: Hashable, Sendable {
  /// The length of a token's vector.
  public var width: Int
  /// The number of residual blocks.
  public var layers: Int
  /// The number of attention heads, each `width / heads` wide: mostly 64, 80 in ViT-H/14 and 88 in
  /// ViT-g/14, so that a configuration has to say it.
  public var heads: Int
  /// The width between the two layers of an MLP: 4 · `width` but in ViT-g/14.
  public var mlpWidth: Int
  /// The nonlinearity between the two layers of an MLP.
  public var activation: Activation
  /// What layer normalisation adds to variances; the default is 1e-5.
  public var layerNormEpsilon: Double

  public init(
    width: Int, layers: Int, heads: Int, mlpWidth: Int, activation: Activation,
    layerNormEpsilon: Double = 1e-5
  ) {
    self.width = width
    self.layers = layers
    self.heads = heads
    self.mlpWidth = mlpWidth
    self.activation = activation
    self.layerNormEpsilon = layerNormEpsilon
  }
}
