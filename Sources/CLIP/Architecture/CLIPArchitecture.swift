import Basics
import Torch

/// The nonlinearity of a transformer's MLP; it belongs to the weights and is never guessed.
public enum Activation: String, Hashable, Sendable, Codable {
  /// x · σ(1.702 x): all of OpenAI's weights.
  case quickGELU = "quick_gelu"
  /// x · Φ(x): most of LAION's and DataComp's weights.
  case gelu

  func callAsFunction(_ input: Tensor) throws(HoldfastError) -> Tensor {
    switch self {
    case .quickGELU: return try input.quickGELU()
    case .gelu: return try input.gelu()
    }
  }
}

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

/// Everything about a CLIP that its weights do not say.
///
/// Radford et al. 2021, arXiv 2103.00020.
public struct CLIPArchitecture: Hashable, Sendable {
  public var vision: TransformerArchitecture
  /// The side of the square input in pixels.
  public var imageSize: Int
  /// The side of a square patch in pixels.
  public var patchSize: Int
  public var text: TransformerArchitecture
  public var vocabularyCount: Int
  /// The most tokens a text may have, start and end included.
  public var contextLength: Int
  /// The width of the space that images and texts share.
  public var projectionWidth: Int
  /// The token whose feature stands for the text, as the configuration has it; 2 in old files,
  /// where the token of the highest number is meant.
  public var endToken: Int

  public init(
    vision: TransformerArchitecture, imageSize: Int, patchSize: Int,
    text: TransformerArchitecture, vocabularyCount: Int, contextLength: Int,
    projectionWidth: Int, endToken: Int
  ) {
    self.vision = vision
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.text = text
    self.vocabularyCount = vocabularyCount
    self.contextLength = contextLength
    self.projectionWidth = projectionWidth
    self.endToken = endToken
  }

  /// The number of patches of an image.
  public var patchCount: Int { (imageSize / patchSize) * (imageSize / patchSize) }
}
