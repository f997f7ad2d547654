/// What kind of network sees the images, and its sizes.
public enum VisionArchitecture: Hashable, Sendable {
  /// A vision transformer; the patch size is the side of a square patch in pixels.
  case transformer(TransformerArchitecture, patchSize: Int)
  /// CLIP's modified ResNet with attention pooling.
  case resNet(ResNetArchitecture)

  /// How many pixels of a side become one position: the patch size, or the ResNet's stride of 32.
  public var stride: Int {
    switch self {
    case .transformer(_, let patchSize): return patchSize
    case .resNet: return ResNetArchitecture.stride
    }
  }

  static let patchPositionsName = "vision_model.embeddings.position_embedding.weight"
  static let poolingPositionsName = "visual.attnpool.positional_embedding"

  /// The name of the tensor `[1 + grid², width]` of what is added for each position; its first row
  /// is the class token's, or the mean's of a ResNet's attention pooling.
  public var positionsName: String {
    switch self {
    case .transformer: return Self.patchPositionsName
    case .resNet: return Self.poolingPositionsName
    }
  }
}
