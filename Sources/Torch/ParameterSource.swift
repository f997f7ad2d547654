import Basics

/// Where a tower gets its parameters from: plain weights, or weights that are being trained.
public protocol ParameterSource {
  /// The tensor of a checkpoint's name.
  ///
  /// - Throws: `HoldfastError` where there is none.
  func tensor(_ name: String) throws(HoldfastError) -> Tensor

  /// Tensors stacked along their first dimension, without a copy where they lie side by side.
  func joined(_ names: [String]) throws(HoldfastError) -> Tensor

  /// The low-rank update that is trained on top of a frozen weight, where there is one.
  func adapter(for name: String) throws(HoldfastError) -> LowRankAdapter?
}

extension ParameterSource {
  public func adapter(for name: String) throws(HoldfastError) -> LowRankAdapter? { nil }

  /// A linear map from one or several weights of one input, `q_proj`, `k_proj`, `v_proj` say.
  ///
  /// - Parameter names: Names without `.weight` and `.bias`.
  public func linear(_ names: [String]) throws(HoldfastError) -> Linear {
    var adapters: [LowRankAdapter?] = []
    for name in names { adapters.append(try adapter(for: name + ".weight")) }
    return Linear(
      weight: try joined(names.map { $0 + ".weight" }),
      bias: try joined(names.map { $0 + ".bias" }),
      adapters: adapters.allSatisfy { $0 == nil } ? [] : adapters)
  }

  /// A linear map.
  public func linear(_ name: String) throws(HoldfastError) -> Linear { try linear([name]) }
}

/// A low-rank update `scale · B · A` of a frozen weight `[out, in]`.
///
/// LoRA: Hu et al. 2021, arXiv 2106.09685.
public struct LowRankAdapter: Sendable {
  /// A, `[rank, in]`.
  public var down: Tensor
  /// B, `[out, rank]`.
  public var up: Tensor
  public var scale: Double

  public init(down: Tensor, up: Tensor, scale: Double) {
    self.down = down
    self.up = up
    self.scale = scale
  }

  /// What the update adds to the output for an input `[…, in]`.
  func callAsFunction(_ input: Tensor) throws(HoldfastError) -> Tensor {
    try input.linear(down).linear(up) * scale
  }
}

/// `x · Wᵀ + b`, with unmerged low-rank updates on the parts of `W` that have one.
public struct Linear: Sendable {
  /// W, `[out, in]`.
  public var weight: Tensor
  /// b, `[out]`.
  public var bias: Tensor?
  /// One for each equal part of the output, or empty.
  public var adapters: [LowRankAdapter?] = []

  /// The map to some of the equal parts of the output; its tensors are views.
  ///
  /// - Parameters:
  ///   - range: Which of the parts.
  ///   - count: How many there are, as many as there are adapters if any.
  public func part(_ range: Range<Int>, of count: Int) throws(HoldfastError) -> Linear {
    guard count > 0, range.lowerBound >= 0, range.upperBound <= count,
      weight.shape[0] % count == 0, adapters.isEmpty || adapters.count == count
    else { throw .internalError("a map has no parts \(range) of \(count)") }
    let rows = weight.shape[0] / count
    let start = range.lowerBound * rows
    return Linear(
      weight: try weight.narrowed(from: start, count: range.count * rows),
      bias: try bias?.narrowed(from: start, count: range.count * rows),
      adapters: adapters.isEmpty ? [] : Array(adapters[range]))
  }

  public func callAsFunction(_ input: Tensor) throws(HoldfastError) -> Tensor {
    let output = try input.linear(weight, bias)
    guard !adapters.isEmpty else { return output }
    var updates: [Tensor] = []
    for adapter in adapters {
      if let adapter {
        updates.append(try adapter(input))
      } else {
        var shape = output.shape
        shape[shape.count - 1] /= adapters.count
        updates.append(
          try Tensor.zeros(shape, dtype: output.dtype ?? .float32, device: output.device))
      }
    }
    return try output
      + (updates.count == 1 ? updates[0] : Tensor.concatenated(updates, dimension: -1))
  }
}
