import Basics

extension Tensor {
  public static func + (left: Tensor, right: Tensor) throws(HoldfastError) -> Tensor {
    try Operator.add(.tensor(left), .tensor(right))
  }

  public static func + (left: Tensor, right: Double) throws(HoldfastError) -> Tensor {
    try Operator.addScalar(.tensor(left), .real(right))
  }

  public static func - (left: Tensor, right: Tensor) throws(HoldfastError) -> Tensor {
    try Operator.subtract(.tensor(left), .tensor(right))
  }

  public static func * (left: Tensor, right: Tensor) throws(HoldfastError) -> Tensor {
    try Operator.multiply(.tensor(left), .tensor(right))
  }

  public static func * (left: Tensor, right: Double) throws(HoldfastError) -> Tensor {
    try Operator.multiplyScalar(.tensor(left), .real(right))
  }

  public static func * (left: Tensor, right: Int) throws(HoldfastError) -> Tensor {
    try Operator.multiplyScalar(.tensor(left), .int(right))
  }

  public static func / (left: Tensor, right: Tensor) throws(HoldfastError) -> Tensor {
    try Operator.divide(.tensor(left), .tensor(right))
  }

  /// The remainder of division, with the divisor's sign.
  public func remainder(_ divisor: Int) throws(HoldfastError) -> Tensor {
    try Operator.remainder(.tensor(self), .int(divisor))
  }

  public func exp() throws(HoldfastError) -> Tensor { try Operator.exp(.tensor(self)) }

  public func log() throws(HoldfastError) -> Tensor { try Operator.log(.tensor(self)) }

  public func sqrt() throws(HoldfastError) -> Tensor { try Operator.sqrt(.tensor(self)) }

  public func abs() throws(HoldfastError) -> Tensor { try Operator.absolute(.tensor(self)) }

  /// −1, 0 or 1 for each element.
  public func sign() throws(HoldfastError) -> Tensor { try Operator.sign(.tensor(self)) }

  public func sigmoid() throws(HoldfastError) -> Tensor { try Operator.sigmoid(.tensor(self)) }

  /// Each element, but at most the bound.
  public func clamped(atMost bound: Double) throws(HoldfastError) -> Tensor {
    try Operator.clampMax(.tensor(self), .real(bound))
  }

  /// The sum of all elements, a scalar.
  public func sum() throws(HoldfastError) -> Tensor {
    try Operator.sum(.tensor(self), .none)
  }

  /// The sum of all elements' squares, in float64.
  ///
  /// Libtorch's norm adds in single precision, number after number: of four million equal numbers it is
  /// off by two thousandths. Numbers are taken a block after the other, since a copy of a model's weights
  /// in float64 would be twice their memory; the sum stays on the device till the end, so that a graphics
  /// card is waited for once.
  public func sumOfSquares() throws(HoldfastError) -> Double {
    let numbers = try reshaped(-1)
    var total: Tensor?
    for block in Self.blocks(of: numbers.count) {
      let own = try numbers.narrowed(from: block.lowerBound, count: block.count).to(.float64)
      let square = try (own * own).sum()
      total = try total.map { (sum) throws(HoldfastError) in try sum + square } ?? square
    }
    return try total?.item() ?? 0
  }

  /// Parts of so many numbers, each small beside a model's weights.
  static func blocks(of count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: 1 << 22).map { $0..<min($0 + (1 << 22), count) }
  }

  /// The sum over one dimension.
  public func sum(dimension: Int, keepDimension: Bool = false) throws(HoldfastError) -> Tensor {
    try Operator.sumDimensions(.tensor(self), .ints([dimension]), .bool(keepDimension))
  }

  /// The mean over one dimension.
  public func mean(dimension: Int, keepDimension: Bool = false) throws(HoldfastError) -> Tensor {
    try Operator.mean(.tensor(self), .ints([dimension]), .bool(keepDimension))
  }

  /// The mean of all elements, a scalar.
  public func mean() throws(HoldfastError) -> Tensor {
    try Operator.mean(.tensor(self), .ints(Array(0..<rank)), .bool(false))
  }

  /// The Euclidean norm over the last dimension, which is kept with size 1.
  public func norm() throws(HoldfastError) -> Tensor {
    try Operator.vectorNorm(.tensor(self), .real(2), .ints([-1]), .bool(true))
  }

  /// Rows of unit length: each element divided by the norm over the last dimension.
  public func normalized() throws(HoldfastError) -> Tensor { try self / norm() }

  /// Whether every element is a finite number.
  public func isFinite() throws(HoldfastError) -> Bool {
    try Operator.all(.tensor(Operator.isFinite(.tensor(self)))).item() != 0
  }
}
