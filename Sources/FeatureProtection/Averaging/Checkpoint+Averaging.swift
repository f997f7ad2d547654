import Basics
import CLIP
import Torch

/// Arithmetic on whole checkpoints: every tensor, text tower and head included.
extension Checkpoint {
  /// The point (1 − α) · `from` + α · `to`; α = 0 and 1 give the ends bit for bit.
  ///
  /// Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", arXiv 2109.01903. Small files
  /// are those of `to`.
  /// - Throws: `HoldfastError` of kind `badData` where the two are not one architecture, or only
  ///   one has a head, or the heads have different classes.
  public static func interpolated(
    from: Checkpoint, to: Checkpoint, alpha: Double
  ) throws(HoldfastError) -> Checkpoint {
    try combined([from, to]) { (points) throws(HoldfastError) in
      try Weights.lerp(points[0], points[1], alpha)
    }
  }

  /// The mean of several checkpoints: a uniform soup.
  ///
  /// Wortsman et al. 2022, "Model soups", arXiv 2203.05482.
  ///
  /// - Throws: As `interpolated` does.
  public static func uniformSoup(
    _ checkpoints: [Checkpoint]
  ) throws(HoldfastError) -> Checkpoint {
    try combined(checkpoints) { (points) throws(HoldfastError) in try Weights.mean(points) }
  }

  /// Model Stock of checkpoints that were fine-tuned from one reference; see `Weights.stock`.
  ///
  /// Small files are those of the last tuned one.
  /// - Returns: The checkpoint, and how far each tensor went from the reference (0) to the mean of the
  ///   tuned ones (1), where these changed it.
  /// - Throws: As `interpolated` does; `HoldfastError` of kind `usage` for fewer than two models.
  public static func stock(
    reference: Checkpoint, tuned: [Checkpoint]
  ) throws(HoldfastError) -> (checkpoint: Checkpoint, shares: [(name: String, share: Double)]) {
    var shares: [(name: String, share: Double)] = []
    let checkpoint = try combined([reference] + tuned) { (points) throws(HoldfastError) in
      let stock = try Weights.stock(reference: points[0], tuned: Array(points.dropFirst()))
      shares += stock.shares
      return stock.weights
    }
    return (checkpoint, shares)
  }

  /// Checkpoints that can be combined: all with a head for the same classes, or none with one.
  ///
  /// Where some have a head, the others get the zero-shot head for its classes, made from `prompts` or
  /// their own prompts. What speaks against combining them is reported, see `combinationWarnings`.
  public static func withHeads(
    _ checkpoints: [Checkpoint], prompts: String?, _ context: RunContext
  ) throws -> [Checkpoint] {
    let known = checkpoints.lazy.compactMap(\.head).first
    let complete = try checkpoints.map { checkpoint in
      var complete = checkpoint
      if let known, complete.head == nil {
        let head = try StudyMaterials.zeroShotHead(checkpoint, known.classes, prompts, context)
        complete.head =
          known.features == .pooled
          ? try head.pooled(checkpoint.architecture, checkpoint.weights) : head
      }
      return complete
    }
    for warning in try combinationWarnings(complete) { try context.report(.warning(warning)) }
    return complete
  }

  /// - Throws: `HoldfastError` of kind `badData` where checkpoints are not one architecture, or only
  ///   some have a head, or heads are for different classes or features.
  static func requireAlike(_ checkpoints: [Checkpoint]) throws(HoldfastError) {
    guard let first = checkpoints.first else { return }
    for checkpoint in checkpoints.dropFirst() {
      guard checkpoint.architecture == first.architecture else {
        throw .badData(
          "\(first.folder) and \(checkpoint.folder): not of one architecture",
          remedy: "Combine checkpoints that were fine-tuned from one model.")
      }
      guard checkpoint.head?.classes == first.head?.classes else {
        throw .badData(
          "\(first.folder) and \(checkpoint.folder): heads for different classes "
            + ClassNames.difference(first.head?.classes ?? [], checkpoint.head?.classes ?? []),
          remedy: "Combine checkpoints with the same head classes.")
      }
      guard checkpoint.head?.features == first.head?.features else {
        throw .badData(
          "\(first.folder) and \(checkpoint.folder): one head stands on pooled features, the other "
            + "on projected ones", remedy: "Combine checkpoints with heads of one kind.")
      }
    }
  }

  private static func combined(
    _ checkpoints: [Checkpoint], _ combine: ([Weights]) throws(HoldfastError) -> Weights
  ) throws(HoldfastError) -> Checkpoint {
    guard let first = checkpoints.first, var result = checkpoints.last else {
      throw .usage("there are no checkpoints to combine", remedy: "Name at least two.")
    }
    try requireAlike(checkpoints)
    result.weights = try combine(checkpoints.map(\.weights))
    if let classes = first.head?.classes {
      var heads: [Weights] = []
      for head in checkpoints.compactMap(\.head) {
        heads.append(try Weights([("weight", head.weight), ("bias", head.bias)]))
      }
      let head = try combine(heads)
      result.head = try ClassificationHead(
        weight: head.tensor("weight"), bias: head.tensor("bias"), classes: classes,
        origin: commonHeadOrigin(checkpoints), features: first.head?.features ?? .projected)
    }
    return result
  }
}
