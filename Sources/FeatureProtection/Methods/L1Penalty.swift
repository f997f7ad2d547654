import Basics

/// Full fine-tuning with the L1 distance to the reference weights in the loss.
///
/// CE(f_θ(x), y) + strength · ‖θ − θ₀‖₁ over every trained tensor. Li, Grandvalet, Davoine 2018
/// ("L1-SP", arXiv 1802.01483); compared in arXiv 2405.16027.
public enum L1Penalty: Method {
  public static let name = "l1"
  public static let summary = "Full fine-tuning with the L1 distance to the start in the loss."
  public static let defaults: [String: JSONValue] = [
    "strength": .number(1e-4), "include": .array([]), "exclude": .array([]),
  ]

  public static func recipe(_ settings: MethodSettings) throws(HoldfastError) -> Recipe {
    let covered = NamePatterns(
      include: try settings.words("include"), exclude: try settings.words("exclude"))
    return Recipe(
      .everything,
      penalty: ReferencePenalty(l1: try settings.number("strength"), covered: covered))
  }
}
