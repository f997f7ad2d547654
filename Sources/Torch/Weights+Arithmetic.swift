import Basics
internal import CTorch

extension Weights {
  /// The point (1 − α) · `from` + α · `to`; α = 0 and 1 give the ends bit for bit.
  ///
  /// WiSE-FT's interpolation (Wortsman et al. 2022, arXiv 2109.01903), over every tensor.
  public static func lerp(
    _ from: Weights, _ to: Weights, _ alpha: Double
  ) throws(HoldfastError) -> Weights {
    let result = try Weights(zeros: from.layout, device: from.device)
    try result.interpolate(from, to, alpha)
    return result
  }

  /// Overwrites these weights with the point (1 − α) · `from` + α · `to`.
  public func interpolate(
    _ from: Weights, _ to: Weights, _ alpha: Double
  ) throws(HoldfastError) {
    try from.requireSameLayout(to)
    try requireSameLayout(from)
    if alpha == 0 { return try buffer.copy(from: from.buffer) }
    if alpha == 1 { return try buffer.copy(from: to.buffer) }
    guard device == .cpu, FastPaths.areOn else {
      return try buffer.copy(from: from.buffer * (1 - alpha) + to.buffer * alpha)
    }
    try from.buffer.handle.withRaw { (a) throws(HoldfastError) in
      try to.buffer.handle.withRaw { (b) throws(HoldfastError) in
        try buffer.handle.withRaw { (out) throws(HoldfastError) in
          try check(ct_interpolate(a, b, alpha, out))
        }
      }
    }
  }

  /// The mean of several points, calculated in float64: a uniform soup.
  ///
  /// Wortsman et al. 2022, "Model soups", arXiv 2203.05482.
  ///
  /// - Throws: `HoldfastError` of kind `usage` where there is no point.
  public static func mean(_ points: [Weights]) throws(HoldfastError) -> Weights {
    guard let first = points.first else {
      throw .usage("there are no weights to average", remedy: "Name at least one checkpoint.")
    }
    if points.count == 1 { return try first.clone() }
    for point in points.dropFirst() { try first.requireSameLayout(point) }
    let mean = try Tensor.uninitialised([first.layout.count], device: first.buffer.device)
    // Whole copies in float64 would be four times a model's memory.
    for block in Tensor.blocks(of: first.layout.count) {
      func numbers(_ buffer: Tensor) throws(HoldfastError) -> Tensor {
        try buffer.narrowed(from: block.lowerBound, count: block.count)
      }
      var sum = try numbers(first.buffer).to(.float64)
      for point in points.dropFirst() { sum = try sum + numbers(point.buffer).to(.float64) }
      try numbers(mean).copy(from: sum * (1 / Double(points.count)))
    }
    return try Weights(layout: first.layout, buffer: mean)
  }

  public static func + (left: Weights, right: Weights) throws(HoldfastError) -> Weights {
    try left.requireSameLayout(right)
    return try Weights(layout: left.layout, buffer: left.buffer + right.buffer)
  }

  public static func - (left: Weights, right: Weights) throws(HoldfastError) -> Weights {
    try left.requireSameLayout(right)
    return try Weights(layout: left.layout, buffer: left.buffer - right.buffer)
  }

  public static func * (left: Weights, right: Double) throws(HoldfastError) -> Weights {
    try Weights(layout: left.layout, buffer: left.buffer * right)
  }

  /// The Euclidean norm of all tensors together, summed in float64.
  public func norm() throws(HoldfastError) -> Double { try buffer.sumOfSquares().squareRoot() }

  /// How `norm(by:)` gathers tensors.
  public enum Grouping: Sendable {
    /// Each tensor for itself.
    case tensor
    /// By transformer layer: names up to and with `layers.<number>`; other tensors by themselves.
    case block
  }

  /// The Euclidean norm of each tensor, or of each block of a transformer, in buffer order.
  public func norm(
    by grouping: Grouping
  ) throws(HoldfastError) -> [(name: String, norm: Double)] {
    var order: [String] = []
    var squares: [String: Double] = [:]
    for entry in layout.entries {
      let name = grouping == .tensor ? entry.name : Self.block(of: entry.name)
      let square = try view(entry).sumOfSquares()
      if squares[name] == nil { order.append(name) }
      squares[name, default: 0] += square
    }
    return order.map { ($0, (squares[$0] ?? 0).squareRoot()) }
  }

  private static func block(of name: String) -> String {
    let parts = name.split(separator: ".")
    guard let layers = parts.firstIndex(of: "layers"), layers + 1 < parts.count else { return name }
    return parts[...(layers + 1)].joined(separator: ".")
  }

  /// Whether every element is a finite number.
  public func isFinite() throws(HoldfastError) -> Bool { try buffer.isFinite() }
}
