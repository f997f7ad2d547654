import Basics
import Torch

/// A stack of pre-norm residual attention blocks, a struct of views of its weights.
struct Transformer {
  private let blocks: [Block]

  /// - Parameter prefix: The checkpoint's name of the layers, `vision_model.encoder.layers` say.
  init(
    _ prefix: String, _ architecture: TransformerArchitecture, _ source: some ParameterSource
  ) throws(HoldfastError) {
    var blocks: [Block] = []
    for layer in 0..<architecture.layers {
      blocks.append(try Block("\(prefix).\(layer)", architecture, source))
    }
    self.blocks = blocks
  }

  /// - Parameters:
  ///   - tokens: `[batch, length, width]`.
  ///   - causal: Whether a token sees only those before it.
  /// - Returns: The same shape.
  func callAsFunction(_ tokens: Tensor, causal: Bool) throws(HoldfastError) -> Tensor {
    var tokens = tokens
    for block in blocks { tokens = try block(tokens, causal: causal) }
    return tokens
  }

  /// The first token of each sequence, of tokens that all see each other.
  ///
  /// The last block computes the others' keys and values, and nothing else of them: their outputs and
  /// the gradients of these are never used.
  ///
  /// - Parameter tokens: `[batch, length, width]`.
  /// - Returns: `[batch, width]`.
  func first(_ tokens: Tensor) throws(HoldfastError) -> Tensor {
    guard FastPaths.areOn, let last = blocks.last else {
      return try self(tokens, causal: false).first
    }
    var tokens = tokens
    for block in blocks.dropLast() { tokens = try block(tokens, causal: false) }
    return try last.first(tokens)
  }
}

/// x + attention(norm(x)), then x + mlp(norm(x)).
private struct Block {
  let attentionNorm: LayerNorm
  let projections: Linear
  let output: Linear
  let mlpNorm: LayerNorm
  let expansion: Linear
  let contraction: Linear
  let architecture: TransformerArchitecture
  let fused: FusedTransformerBlock?

  init(
    _ name: String, _ architecture: TransformerArchitecture, _ source: some ParameterSource
  ) throws(HoldfastError) {
    let attention = "\(name).self_attn"
    self.architecture = architecture
    let epsilon = architecture.layerNormEpsilon
    attentionNorm = try LayerNorm("\(name).layer_norm1", source, epsilon)
    projections = try source.linear(["q_proj", "k_proj", "v_proj"].map { "\(attention).\($0)" })
    output = try source.linear("\(attention).out_proj")
    mlpNorm = try LayerNorm("\(name).layer_norm2", source, epsilon)
    expansion = try source.linear("\(name).mlp.fc1")
    contraction = try source.linear("\(name).mlp.fc2")
    fused = FusedTransformerBlock(
      norms: [attentionNorm, mlpNorm].map { ($0.weight, $0.bias) },
      maps: [projections, output, expansion, contraction], heads: architecture.heads,
      activation: architecture.activation.fused, epsilon: epsilon)
  }

  func callAsFunction(_ tokens: Tensor, causal: Bool) throws(HoldfastError) -> Tensor {
    if FastPaths.areOn, let fused, tokens.dtype == .float32 {
      return try fused(tokens, causal: causal)
    }
    let attended = try tokens + output(attention(attentionNorm(tokens), causal: causal))
    let hidden = try architecture.activation(expansion(mlpNorm(attended)))
    return try attended + contraction(hidden)
  }

  /// The first token alone, `[batch, width]`.
  func first(_ tokens: Tensor) throws(HoldfastError) -> Tensor {
    if let fused, tokens.dtype == .float32 { return try fused(tokens, causal: false, first: true) }
    let (batch, length) = (tokens.shape[0], tokens.shape[1])
    let (heads, width) = (architecture.heads, architecture.width)
    let normed = try attentionNorm(tokens)
    let queries = try projections.part(0..<1, of: 3)(normed.first)
      .reshaped(batch, heads, 1, width / heads)
    let others = try projections.part(1..<3, of: 3)(normed)
      .reshaped(batch, length, 2, heads, width / heads)
      .permuted(2, 0, 3, 1, 4)
      .unbound(dimension: 0)
    let attended =
      try tokens.first
      + output(
        queries.attention(keys: others[0], values: others[1], causal: false)
          .reshaped(batch, width))
    let hidden = try architecture.activation(expansion(mlpNorm(attended)))
    return try attended + contraction(hidden)
  }

  private func attention(_ tokens: Tensor, causal: Bool) throws(HoldfastError) -> Tensor {
    let (batch, length) = (tokens.shape[0], tokens.shape[1])
    let heads = architecture.heads
    let parts = try projections(tokens)
      .reshaped(batch, length, 3, heads, architecture.width / heads)
      .permuted(2, 0, 3, 1, 4)
      .unbound(dimension: 0)
    return try parts[0].attention(keys: parts[1], values: parts[2], causal: causal)
      .transposed(1, 2)
      .reshaped(batch, length, architecture.width)
  }
}

extension Tensor {
  /// The first token of each sequence: `[batch, width]` of `[batch, length, width]`.
  fileprivate var first: Tensor {
    get throws(HoldfastError) {
      try narrowed(dimension: 1, from: 0, count: 1).reshaped(shape[0], shape[2])
    }
  }
}

/// Layer normalisation with its two vectors.
struct LayerNorm {
  let weight: Tensor
  let bias: Tensor
  let epsilon: Double

  init(_ name: String, _ source: some ParameterSource, _ epsilon: Double) throws(HoldfastError) {
    weight = try source.tensor("\(name).weight")
    bias = try source.tensor("\(name).bias")
    self.epsilon = epsilon
  }

  func callAsFunction(_ input: Tensor) throws(HoldfastError) -> Tensor {
    try input.layerNorm(weight, bias, epsilon: epsilon)
  }
}
