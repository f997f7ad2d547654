import Basics
import CLIP
import Torch

extension Checkpoint {
  /// What speaks against combining checkpoints of one architecture, a sentence each; empty where
  /// nothing does.
  ///
  /// Weights between two models work as well as the ends where both came from one start (Wortsman
  /// et al. 2022, arXiv 2109.01903, and Neyshabur et al. 2020, arXiv 2008.11687). Heads that started
  /// at different places break that, also where the towers did not; so do batch statistics of
  /// different models, whose mean are those of neither.
  static func combinationWarnings(
    _ checkpoints: [Checkpoint]
  ) throws(HoldfastError) -> [String] {
    guard let first = checkpoints.first else { return [] }
    var warnings: [String] = []
    for other in checkpoints.dropFirst() {
      if let warning = try headWarning(first, other) { warnings.append(warning) }
      if let warning = try statisticsWarning(first, other) { warnings.append(warning) }
    }
    return warnings
  }

  /// The origin of the heads where all have the same one, else nil.
  static func commonHeadOrigin(_ checkpoints: [Checkpoint]) -> String? {
    let origins = Set(checkpoints.map(\.head?.origin))
    return origins.count == 1 ? origins.first ?? nil : nil
  }

  /// Below this mean cosine two heads of unknown origin are taken for heads of different ones.
  private static let leastLikeness = 0.5

  private static func headWarning(
    _ one: Checkpoint, _ other: Checkpoint
  ) throws(HoldfastError) -> String? {
    guard let head = one.head, let theirs = other.head, head.weight.shape == theirs.weight.shape
    else { return nil }
    if let origin = head.origin, origin == theirs.origin { return nil }
    let (left, right) = try (head.weight.to(.cpu), theirs.weight.to(.cpu))
    let likeness = try (left.normalized() * right.normalized()).sum(dimension: -1).mean().item()
    // Two of another program's: only the numbers can tell.
    if head.origin == nil, theirs.origin == nil, likeness >= leastLikeness { return nil }
    let (ours, others) = (head.origin ?? "unknown", theirs.origin ?? "unknown")
    return "the heads of \(one.folder) and \(other.folder) did not surely start at one place "
      + "(\(ours) and \(others)); the mean cosine of their rows is \(Self.text(likeness)). Models "
      + "between heads of different origin are often worse than both: fine-tune both from one head"
  }

  private static func statisticsWarning(
    _ one: Checkpoint, _ other: Checkpoint
  ) throws(HoldfastError) -> String? {
    for name in one.weights.names where CLIPArchitecture.isFixed(name) {
      guard other.weights.contains(name) else { continue }
      let (ours, theirs) = try (one.weights.tensor(name), other.weights.tensor(name))
      guard ours.shape == theirs.shape else { continue }
      let gap = try (ours - theirs).abs().sum().item()
      // Interpolating equal statistics may round.
      guard gap > 1e-5 * (try ours.abs().sum().item()) else { continue }
      return "the batch statistics of \(one.folder) and \(other.folder) differ (\(name), and "
        + "perhaps others): one of them was not fine-tuned from the other with frozen statistics, "
        + "and the mean of both fits neither"
    }
    return nil
  }

  private static func text(_ value: Double) -> String {
    "\((value * 100).rounded() / 100)"
  }
}
