/// Everything about a CLIP that its weights do not say.
///
/// Radford et al. 2021, arXiv 2103.00020.
public struct CLIPArchitecture: Hashable, Sendable {
  /// The network that sees images.
  public var vision: VisionArchitecture
  /// The side of the square input in pixels, a multiple of `vision.stride`.
  public var imageSize: Int
  /// The causal transformer that reads texts.
  public var text: TransformerArchitecture
  /// The number of tokens there are.
  public var vocabularyCount: Int
  /// The most tokens a text may have, start and end included.
  public var contextLength: Int
  /// The width of the space that images and texts share.
  public var projectionWidth: Int
  /// The token whose feature stands for the text, as the configuration has it; 2 in old files,
  /// where the token of the highest number is meant.
  public var endToken: Int

  public init(
    vision: VisionArchitecture, imageSize: Int, text: TransformerArchitecture,
    vocabularyCount: Int, contextLength: Int, projectionWidth: Int, endToken: Int
  ) {
    self.vision = vision
    self.imageSize = imageSize
    self.text = text
    self.vocabularyCount = vocabularyCount
    self.contextLength = contextLength
    self.projectionWidth = projectionWidth
    self.endToken = endToken
  }

  /// The side of the grid of positions that the image tower attends to.
  public var gridSide: Int { imageSize / max(vision.stride, 1) }

  /// The positions of the image tower: one for each place of the grid, and one more for the image.
  public var positionCount: Int { gridSide * gridSide + 1 }

  /// The same sizes with one activation in every transformer; a ResNet keeps its ReLU.
  public func with(_ activation: Activation) -> CLIPArchitecture {
    var result = self
    result.text.activation = activation
    if case .transformer(var transformer, let patchSize) = vision {
      transformer.activation = activation
      result.vision = .transformer(transformer, patchSize: patchSize)
    }
    return result
  }
}
