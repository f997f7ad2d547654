import Basics

extension Tensor {
  /// The matrix product over the last two dimensions, broadcasting the others.
  public func matmul(_ other: Tensor) throws(HoldfastError) -> Tensor {
    try Operator.matmul(.tensor(self), .tensor(other))
  }

  /// `self · weightᵀ + bias`.
  ///
  /// - Parameters:
  ///   - weight: `[out, in]`.
  ///   - bias: `[out]`, or nil.
  /// - Returns: `[…, out]` for an input `[…, in]`.
  public func linear(_ weight: Tensor, _ bias: Tensor? = nil) throws(HoldfastError) -> Tensor {
    try Operator.linear(.tensor(self), .tensor(weight), .optional(bias))
  }

  /// Layer normalisation over the last dimension (Ba, Kiros, Hinton 2016).
  public func layerNorm(
    _ weight: Tensor, _ bias: Tensor, epsilon: Double
  ) throws(HoldfastError) -> Tensor {
    try Operator.layerNorm(
      .tensor(self), .ints(weight.shape), .tensor(weight), .tensor(bias), .real(epsilon))
  }

  /// Convolution without bias of maps `[batch, in, height, width]`.
  ///
  /// - Parameters:
  ///   - weight: `[out, in, size, size]`.
  ///   - padding: The zeros put around each map.
  public func convolved(
    with weight: Tensor, stride: Int, padding: Int
  ) throws(HoldfastError) -> Tensor {
    try Operator.convolution(
      .tensor(self), .tensor(weight), .none, .ints([stride, stride]), .ints([padding, padding]),
      .ints([1, 1]), .int(1))
  }

  /// Batch normalisation of maps `[batch, channels, …]` by given statistics:
  /// `(x − mean) / √(variance + epsilon) · weight + bias` (Ioffe and Szegedy 2015).
  public func batchNormalized(
    _ weight: Tensor, _ bias: Tensor, mean: Tensor, variance: Tensor, epsilon: Double
  ) throws(HoldfastError) -> Tensor {
    try Operator.batchNorm(
      .tensor(self), .tensor(weight), .tensor(bias), .tensor(mean), .tensor(variance),
      .bool(false), .real(0), .real(epsilon), .bool(true))
  }

  /// The means of squares of `side` by `side` elements of maps `[batch, channels, height, width]`;
  /// a remainder at the edge is left out.
  public func averagePooled(_ side: Int) throws(HoldfastError) -> Tensor {
    try Operator.averagePool(
      .tensor(self), .ints([side, side]), .ints([side, side]), .ints([0, 0]), .bool(false),
      .bool(true), .none)
  }

  /// Each element, but at least 0.
  public func relu() throws(HoldfastError) -> Tensor { try Operator.relu(.tensor(self)) }

  /// Maps `[batch, channels, height, width]` resized by bicubic interpolation, antialiased where
  /// they shrink; pixels are squares, so corners are not aligned.
  public func resizedBicubically(
    height: Int, width: Int
  ) throws(HoldfastError) -> Tensor {
    try Operator.bicubicResize(
      .tensor(self), .ints([height, width]), .bool(false), .none, .none)
  }

  /// `x · Φ(x)` with the exact normal distribution function (Hendrycks and Gimpel 2016).
  public func gelu() throws(HoldfastError) -> Tensor {
    try Operator.gelu(.tensor(self), .string("none"))
  }

  /// `x · σ(1.702 x)`, the approximation that OpenAI's CLIP was trained with.
  ///
  /// One pass over memory in each direction on the CPU (`native/Activations.cpp`).
  public func quickGELU() throws(HoldfastError) -> Tensor {
    guard FastPaths.areOn, device == .cpu, dtype == .float32 else {
      return try self * (self * 1.702).sigmoid()
    }
    return try Operator.quickGELU(.tensor(self))
  }

  public func softmax(dimension: Int = -1) throws(HoldfastError) -> Tensor {
    try Operator.softmax(.tensor(self), .int(dimension))
  }

  public func logSoftmax(dimension: Int = -1) throws(HoldfastError) -> Tensor {
    try Operator.logSoftmax(.tensor(self), .int(dimension))
  }

  /// Multi-head attention from split heads, scaled by 1/√(head width).
  ///
  /// - Parameters: `self`, `keys` and `values` are `[batch, heads, length, head width]`.
  public func attention(
    keys: Tensor, values: Tensor, causal: Bool
  ) throws(HoldfastError) -> Tensor {
    try Operator.attention(
      .tensor(self), .tensor(keys), .tensor(values), .none, .real(0), .bool(causal))
  }

  /// Float32 pixels by a table of what each byte stands for, in one pass on the CPU.
  ///
  /// - Parameter table: `[channels, 256]`, float32.
  /// - Returns: The shape of these bytes, `[images, channels, height, width]`.
  public func lookedUp(in table: Tensor) throws(HoldfastError) -> Tensor {
    try Operator.lookUpPixels(.tensor(self), .tensor(table))
  }

  /// Rows of a table.
  ///
  /// - Parameters:
  ///   - table: `[vocabulary, width]`.
  /// - Returns: `[…, width]` for int64 positions `[…]`.
  public func embedded(in table: Tensor) throws(HoldfastError) -> Tensor {
    try Operator.embedding(.tensor(table), .tensor(self))
  }

  /// The mean cross-entropy of logits `[n, classes]` against int64 labels `[n]`, or against
  /// probabilities `[n, classes]`.
  public func crossEntropy(
    _ target: Tensor, labelSmoothing: Double = 0
  ) throws(HoldfastError) -> Tensor {
    try Operator.crossEntropy(
      .tensor(self), .tensor(target), .none, .int(1), .int(-100), .real(labelSmoothing))
  }

  /// The position of the largest element along the last dimension; the first of equals.
  public func argmax() throws(HoldfastError) -> Tensor {
    try Operator.argmax(.tensor(self), .int(-1), .bool(false))
  }

  /// The largest element along the last dimension, which disappears.
  public func largest() throws(HoldfastError) -> Tensor {
    try Operator.amax(.tensor(self), .ints([-1]), .bool(false))
  }

  /// The largest `count` elements of each row, in falling order, with their positions.
  public func top(_ count: Int) throws(HoldfastError) -> (values: Tensor, positions: Tensor) {
    let both = try Operator.topk.all(
      .tensor(self), .int(count), .int(-1), .bool(true), .bool(true), capacity: 2)
    guard both.count == 2 else { throw .internalError("topk gave \(both.count) tensors") }
    return (both[0], both[1])
  }
}
