import Basics

extension Tensor {
  /// The same elements in another shape, of which one size may be −1; a view where possible.
  public func reshaped(_ shape: Int...) throws(HoldfastError) -> Tensor { try reshaped(shape) }

  /// The same elements in another shape, of which one size may be −1; a view where possible.
  public func reshaped(_ shape: [Int]) throws(HoldfastError) -> Tensor {
    try Operator.reshape(.tensor(self), .ints(shape))
  }

  /// A view with the dimensions in another order.
  public func permuted(_ order: Int...) throws(HoldfastError) -> Tensor {
    try Operator.permute(.tensor(self), .ints(order))
  }

  /// A view with two dimensions exchanged.
  public func transposed(_ first: Int = -2, _ second: Int = -1) throws(HoldfastError) -> Tensor {
    try Operator.transpose(.tensor(self), .int(first), .int(second))
  }

  /// A view of `count` entries of one dimension, from `start` on.
  public func narrowed(
    dimension: Int = 0, from start: Int, count: Int
  ) throws(HoldfastError) -> Tensor {
    try Operator.narrow(.tensor(self), .int(dimension), .int(start), .int(count))
  }

  /// A view with dimensions of size 1 repeated to the given shape; −1 keeps a size.
  public func expanded(_ shape: Int...) throws(HoldfastError) -> Tensor {
    try Operator.expand(.tensor(self), .ints(shape), .bool(false))
  }

  /// Views of the entries of one dimension, which disappears.
  public func unbound(dimension: Int) throws(HoldfastError) -> [Tensor] {
    try Operator.unbind.all(.tensor(self), .int(dimension), capacity: shape.max() ?? 0)
  }

  /// Views of consecutive parts of one dimension.
  public func split(_ sizes: [Int], dimension: Int) throws(HoldfastError) -> [Tensor] {
    try Operator.split.all(.tensor(self), .ints(sizes), .int(dimension), capacity: sizes.count)
  }

  /// The entries of one dimension at the given positions, in their order.
  public func selected(_ positions: [Int], dimension: Int = 0) throws(HoldfastError) -> Tensor {
    let indices = try Tensor(positions.map(Int64.init)).to(device)
    return try Operator.indexSelect(.tensor(self), .int(dimension), .tensor(indices))
  }

  /// Values along a dimension at the positions in `indices`, as PyTorch's `gather`.
  public func gathered(dimension: Int, _ indices: Tensor) throws(HoldfastError) -> Tensor {
    try Operator.gather(.tensor(self), .int(dimension), .tensor(indices))
  }

  /// The same elements in row-major memory; the tensor itself where they are already.
  public func contiguous() throws(HoldfastError) -> Tensor {
    try Operator.contiguous(.tensor(self))
  }

  /// Tensors joined along a dimension they have.
  public static func concatenated(
    _ parts: [Tensor], dimension: Int = 0
  ) throws(HoldfastError) -> Tensor {
    try Operator.cat(.tensors(parts), .int(dimension))
  }

  /// Tensors of one shape joined along a new dimension.
  public static func stacked(
    _ parts: [Tensor], dimension: Int = 0
  ) throws(HoldfastError) -> Tensor {
    try Operator.stack(.tensors(parts), .int(dimension))
  }
}

// MARK: - Making, copying, converting

extension Tensor {
  public static func zeros(
    _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
  ) throws(HoldfastError) -> Tensor {
    try Operator.zeros(.ints(shape), .dtype(dtype), .none, .device(device))
  }

  /// Float32 with whatever the memory holds, for who writes all of it.
  static func uninitialised(
    _ shape: [Int], device: Device = .cpu
  ) throws(HoldfastError) -> Tensor {
    try Operator.empty(.ints(shape), .dtype(.float32), .none, .device(device))
  }

  public static func full(
    _ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu
  ) throws(HoldfastError) -> Tensor {
    try Operator.full(.ints(shape), .real(value), .dtype(dtype), .none, .device(device))
  }

  /// The integers 0..<count.
  public static func arange(_ count: Int) throws(HoldfastError) -> Tensor {
    try Operator.arange(.int(0), .int(count), .int(1), .dtype(.int64))
  }

  /// The elements converted to another type; the tensor itself where they have it.
  public func to(_ dtype: DType) throws(HoldfastError) -> Tensor {
    try Operator.convert(.tensor(self), .dtype(dtype))
  }

  /// The tensor on another device; the tensor itself where it is there.
  public func to(_ device: Device) throws(HoldfastError) -> Tensor {
    if device == self.device { return self }
    return try Operator.move(.tensor(self), .none, .none, .device(device))
  }

  /// A copy with memory of its own.
  public func clone() throws(HoldfastError) -> Tensor { try Operator.clone(.tensor(self)) }

  /// The same memory, outside the graph of differentiation.
  public func detached() throws(HoldfastError) -> Tensor { try Operator.detach(.tensor(self)) }

  /// Replaces the elements in place, converting and broadcasting as needed.
  public func copy(from source: Tensor) throws(HoldfastError) {
    _ = try Operator.copy(.tensor(self), .tensor(source))
  }

  /// Adds the elements of a tensor of the same shape in place.
  public func add(from source: Tensor) throws(HoldfastError) {
    _ = try Operator.addInPlace(.tensor(self), .tensor(source))
  }

  /// Sets every element in place.
  public func fill(with value: Double) throws(HoldfastError) {
    _ = try Operator.fill(.tensor(self), .real(value))
  }
}
