/// The sizes of CLIP's modified ResNet.
///
/// Radford et al. 2021 (arXiv 2103.00020, section 2.4): three convolutions in front, average pooling
/// before each convolution that would stride, attention pooling at the end. Its nonlinearity is
/// ReLU, and batch normalisation always uses the stored statistics, with an epsilon of 1e-5.
public struct ResNetArchitecture: Hashable, Sendable {
  /// The bottleneck blocks of each of the four stages; RN50 has 3, 4, 6 and 3.
  public var blocks: [Int]
  /// The channels after the first three convolutions; RN50 has 64.
  public var width: Int
  /// The heads of the attention pooling; RN50 has 32.
  public var heads: Int

  /// - Parameter blocks: Four numbers.
  public init(blocks: [Int], width: Int, heads: Int) {
    self.blocks = blocks
    self.width = width
    self.heads = heads
  }

  /// By how much the side of an image exceeds that of the last stage's map.
  static let stride = 32
  /// By how much a bottleneck's output is wider than its middle.
  static let expansion = 4

  /// The channels of the last stage's map.
  public var outputWidth: Int { width * 32 }
}
