import Basics

/// Full fine-tuning with the squared distance to the reference weights in the loss.
///
/// CE(f_θ(x), y) + strength / 2 · ‖θ − θ₀‖₂² over every trained tensor. Li, Grandvalet, Davoine
/// 2018 ("L2-SP", arXiv 1802.01483); compared in arXiv 2405.16027.
public enum L2Penalty: Method {
  public static let name = "l2"
  public static let summary = "Full fine-tuning with the squared distance to the start in the loss."
  public static let defaults: [String: JSONValue] = [
    "strength": .number(1e-2), "include": .array([]), "exclude": .array([]),
  ]

  public static func recipe(_ settings: MethodSettings) throws(HoldfastError) -> Recipe {
    let covered = NamePatterns(
      include: try settings.words("include"), exclude: try settings.words("exclude"))
    return Recipe(
      .everything,
      penalty: ReferencePenalty(l2: try settings.number("strength"), covered: covered))
  }
}
