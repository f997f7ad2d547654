/// The sizes of one transformer.
public struct TransformerArchitecture: Hashable, Sendable {
  public var width: Int
  public var layers: Int
  public var heads: Int
  public var mlpWidth: Int
  public var activation: Activation
  /// The default is 1e-5.
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
