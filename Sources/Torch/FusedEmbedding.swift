import Basics

/// The tokens that a vision transformer starts with, made in one pass over the images.
///
/// `norm(concatenate(class token, patches · Wᵀ) + positions)`, with gradients, in float32 on the CPU
/// (`native/Embedding.cpp`).
public struct FusedEmbedding: Sendable {
  private let parameters: [Tensor]
  private let epsilon: Double

  /// Gathers the parameters of an embedding.
  ///
  /// - Parameters:
  ///   - patches: `[width, channels, side, side]`.
  ///   - classToken: `[width]`.
  ///   - positions: `[1 + patches, width]`.
  ///   - norm: Weight and bias of the norm over tokens, `[width]` each.
  /// - Returns: Nil where the kernel cannot do the work: on another device or in another type, or with
  ///   a width that is no multiple of 8.
  public init?(
    patches: Tensor, classToken: Tensor, positions: Tensor, norm: (weight: Tensor, bias: Tensor),
    epsilon: Double
  ) {
    parameters = [patches, classToken, positions, norm.weight, norm.bias]
    guard parameters.allSatisfy({ $0.device == .cpu && $0.dtype == .float32 }),
      patches.shape.count == 4, patches.shape[0] % 8 == 0
    else { return nil }
    self.epsilon = epsilon
  }

  /// - Parameter pixels: `[batch, channels, height, width]`, whole patches high and wide.
  /// - Returns: `[batch, 1 + patches, width]`.
  public func callAsFunction(_ pixels: Tensor) throws(HoldfastError) -> Tensor {
    try Operator.visionEmbedding(.tensor(pixels), .tensors(parameters), .real(epsilon))
  }
}
