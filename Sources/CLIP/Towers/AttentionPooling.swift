import Basics
import Torch

/// One layer of attention that makes a vector of a map: its mean asks all positions and itself.
///
/// Radford et al. 2021, arXiv 2103.00020, section 2.4.
struct AttentionPooling {
  private let heads: Int
  private let positions: Tensor
  private let query: Linear
  private let keysAndValues: Linear
  private let output: Linear

  init(_ name: String, heads: Int, _ source: some ParameterSource) throws(HoldfastError) {
    self.heads = heads
    positions = try source.tensor(VisionArchitecture.poolingPositionsName)
    query = try source.linear("\(name).q_proj")
    keysAndValues = try source.linear(["\(name).k_proj", "\(name).v_proj"])
    output = try source.linear("\(name).c_proj")
  }

  /// `[batch, projection width]`, or `[batch, width]`, of a map `[batch, width, side, side]`.
  func callAsFunction(
    _ map: Tensor, _ features: HeadFeatures
  ) throws(HoldfastError) -> Tensor {
    let width = positions.shape[1]
    let cells = try map.reshaped(-1, width, positions.shape[0] - 1).transposed(1, 2)
    let mean = try cells.mean(dimension: 1, keepDimension: true)
    let tokens = try Tensor.concatenated([mean, cells], dimension: 1) + positions
    let question = try query(tokens.narrowed(dimension: 1, from: 0, count: 1))
      .reshaped(-1, 1, heads, width / heads).transposed(1, 2)
    let parts = try keysAndValues(tokens)
      .reshaped(-1, positions.shape[0], 2, heads, width / heads)
      .permuted(2, 0, 3, 1, 4)
      .unbound(dimension: 0)
    let answer = try question.attention(keys: parts[0], values: parts[1], causal: false)
    let pooled = try answer.reshaped(-1, width)
    return features == .pooled ? pooled : try output(pooled)
  }
}
