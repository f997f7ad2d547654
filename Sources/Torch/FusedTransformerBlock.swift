import Basics

/// A pre-norm transformer block whose passes between matrix products are holdfast's own.
///
/// `y = x + attention(norm(x)) · Woᵀ + bo`, then `y + activation(norm(y) · W1ᵀ + b1) · W2ᵀ + b2`, with
/// gradients, in float32 on the CPU (`native/Block.cpp`). Frozen weights get no gradient, and low-rank
/// updates are never merged.
public struct FusedTransformerBlock: Sendable {
  /// The nonlinearities that it knows, by the numbers of `native/ActivationMath.h`.
  public enum Activation: Int, Sendable {
    case quickGELU = 0
    case gelu = 1
  }

  private let parameters: [Tensor]
  private let factors: [Tensor]
  private let places: [Int]
  private let scale: Double
  private let heads: Int
  private let activation: Activation
  private let epsilon: Double

  /// Gathers the parameters of a block.
  ///
  /// - Parameters:
  ///   - norms: Weight and bias of the two layer norms, `[width]` each.
  ///   - maps: The joint projection to queries, keys and values, the output projection, and the two
  ///     maps of the MLP.
  /// - Returns: Nil where the kernels cannot do the work: on another device or in another type, with
  ///   widths that are no multiples of 8, or with low-rank updates of several scales.
  public init?(
    norms: [(weight: Tensor, bias: Tensor)], maps: [Linear], heads: Int, activation: Activation,
    epsilon: Double
  ) {
    guard norms.count == 2, maps.count == 4, heads > 0, let width = norms[0].weight.shape.first,
      width % (8 * heads) == 0, let hidden = maps[2].weight.shape.first, hidden % 8 == 0
    else { return nil }
    var parameters: [Tensor] = []
    var adapters: [LowRankAdapter] = []
    var places: [Int] = []
    for (index, map) in maps.enumerated() {
      guard let bias = map.bias else { return nil }
      // The order of the operator's list: a norm, two maps, a norm, two maps.
      if index % 2 == 0 { parameters += [norms[index / 2].weight, norms[index / 2].bias] }
      for (part, adapter) in map.adapters.enumerated() {
        guard let adapter else { continue }
        places += [parameters.count, part * (map.weight.shape[0] / map.adapters.count)]
        adapters.append(adapter)
      }
      parameters += [map.weight, bias]
    }
    factors = adapters.flatMap { [$0.down, $0.up] }
    guard (parameters + factors).allSatisfy({ $0.device == .cpu && $0.dtype == .float32 }),
      adapters.allSatisfy({ $0.scale == adapters[0].scale })
    else { return nil }
    self.parameters = parameters
    self.places = places
    scale = adapters.first?.scale ?? 1
    self.heads = heads
    self.activation = activation
    self.epsilon = epsilon
  }

  /// - Parameters:
  ///   - tokens: `[batch, length, width]`.
  ///   - causal: Whether a token sees only those before it.
  ///   - first: Whether only the first token's output is asked for; of the others keys and values are
  ///     computed, and nothing else. The default is no.
  /// - Returns: The same shape, or `[batch, width]`.
  public func callAsFunction(
    _ tokens: Tensor, causal: Bool, first: Bool = false
  ) throws(HoldfastError) -> Tensor {
    try Operator.transformerBlock(
      .tensor(tokens), .tensors(parameters), .tensors(factors), .ints(places), .real(scale),
      .int(heads), .int(activation.rawValue), .real(epsilon), .bool(causal), .bool(first))
  }
}
