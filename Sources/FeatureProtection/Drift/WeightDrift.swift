import Basics
import CLIP
import Torch

/// How far tuning moved a part of a model.
public struct WeightDrift: Hashable, Sendable {
  /// A layer (`vision_model.encoder.layers.3`), a tensor outside the layers, or `head`.
  public var name: String
  /// The Euclidean distance ‖θ − θ₀‖.
  public var distance: Double
  /// The distance as a part of ‖θ₀‖; nil where that is 0.
  public var relative: Double?

  init(name: String, distance: Double, reference: Double) {
    self.name = name
    self.distance = distance
    relative = reference > 0 ? distance / reference : nil
  }

  /// The parts of two models in the order of their weights; first of all, as `all`, the whole.
  ///
  /// The heads take part where both have one of the same shape.
  /// - Throws: `HoldfastError` of kind `badData` where the two have different tensors.
  static func between(
    _ reference: Checkpoint, _ tuned: Checkpoint
  ) throws(HoldfastError) -> [WeightDrift] {
    let moved = try (tuned.weights - reference.weights).norm(by: .block)
    let sizes = try reference.weights.norm(by: .block)
    var parts = zip(moved, sizes).map { ($0.name, $0.norm, $1.norm) }
    if let head = reference.head, let other = tuned.head, head.weight.shape == other.weight.shape {
      let (old, new) = try (
        Weights([("weight", head.weight), ("bias", head.bias)]),
        Weights([("weight", other.weight), ("bias", other.bias)])
      )
      parts.append(("head", try (new - old).norm(), try old.norm()))
    }
    func length(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    parts.insert(("all", length(parts.map(\.1)), length(parts.map(\.2))), at: 0)
    return parts.map { WeightDrift(name: $0.0, distance: $0.1, reference: $0.2) }
  }
}
