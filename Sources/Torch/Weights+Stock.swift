import Basics

extension Weights {
  /// Model Stock: each tensor between the reference and the mean of tuned models, as near to the mean
  /// as these agree.
  ///
  /// θ = t · mean(θᵢ) + (1 − t) · θ₀ with t = k · c / (1 + (k − 1) · c), where c is the cosine of the
  /// angle between the changes θᵢ − θ₀ of two of k models, for more than two its mean over the pairs.
  /// Jang et al. 2024, arXiv 2403.19522, which takes c for positive: models that moved apart (c ≤ 0)
  /// leave the reference's tensor as it is. Calculated in float64.
  ///
  /// - Returns: The weights, and t for each tensor that some model changed, in buffer order.
  /// - Throws: `HoldfastError` of kind `usage` for fewer than two models, `badData` where layouts differ.
  public static func stock(
    reference: Weights, tuned: [Weights]
  ) throws(HoldfastError) -> (weights: Weights, shares: [(name: String, share: Double)]) {
    guard tuned.count > 1 else {
      throw .usage(
        "Model Stock of \(tuned.count == 1 ? "one model" : "no models")",
        remedy: "Name two or more models that were fine-tuned from the reference.")
    }
    for point in tuned { try reference.requireSameLayout(point) }
    let result = try reference.clone()
    var shares: [(name: String, share: Double)] = []
    for entry in reference.layout.entries {
      let start = try reference.view(entry).to(.float64).reshaped(1, -1)
      var parts: [Tensor] = []
      for point in tuned {
        parts.append(try point.view(entry).to(.float64).reshaped(1, -1) - start)
      }
      let changes = try Tensor.concatenated(parts)
      guard let share = try stockShare(changes) else { continue }
      shares.append((entry.name, share))
      let moved = try changes.mean(dimension: 0, keepDimension: true) * share
      try result.view(entry).copy(from: (start + moved).reshaped(entry.shape))
    }
    return (result, shares)
  }

  /// t of changes `[models, elements]`; nil where nothing changed.
  private static func stockShare(_ changes: Tensor) throws(HoldfastError) -> Double? {
    let products = try changes.matmul(changes.transposed()).elements(as: Double.self)
    let count = changes.shape.first ?? 0
    func product(_ one: Int, _ other: Int) -> Double { products[one * count + other] }
    guard (0..<count).contains(where: { product($0, $0) > 0 }) else { return nil }
    var sum = 0.0
    for one in 0..<count {
      for other in 0..<one {
        let lengths = (product(one, one) * product(other, other)).squareRoot()
        // A model that stayed at the reference agrees with none that moved.
        sum += lengths > 0 ? product(one, other) / lengths : 0
      }
    }
    let cosine = min(max(2 * sum / Double(count * (count - 1)), 0), 1)
    return Double(count) * cosine / (1 + Double(count - 1) * cosine)
  }
}
