import Basics

/// Low-rank updates of the tower's frozen linear maps, and a trained head.
///
/// W + alpha / rank · B · A with A drawn at random and B = 0 at the start. Hu et al. 2021,
/// arXiv 2106.09685; A is drawn as PEFT draws it, uniform in ±1/√in.
public enum LoRA: Method {
  public static let name = "lora"
  public static let summary = "Trains low-rank updates of the tower's linear maps, and the head."
  /// The linear maps of a block that can carry an update.
  public static let knownTargets = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]
  /// More than the width of any CLIP, so that a mistyped rank does not fill the memory.
  static let greatestRank = 4096
  public static let defaults: [String: JSONValue] = [
    "rank": .integer(8), "alpha": .number(16),
    "targets": .array(knownTargets.map(JSONValue.string)),
  ]

  public static func recipe(_ settings: MethodSettings) throws(HoldfastError) -> Recipe {
    let targets = try settings.words("targets")
    if let unknown = targets.first(where: { !knownTargets.contains($0) }) {
      let guess = nearestName(to: unknown, among: knownTargets).map { "Did you mean \($0)? " } ?? ""
      throw .usage(
        "lora.targets: there is no \(unknown)",
        remedy: "\(guess)Known: \(knownTargets.joined(separator: ", ")).")
    }
    guard !targets.isEmpty else { throw settings.wrong("targets", "at least one of them") }
    let rank = try settings.count("rank")
    guard rank <= greatestRank else {
      throw settings.wrong("rank", "a whole number from 1 to \(greatestRank)")
    }
    return Recipe(.lowRank(rank: rank, alpha: try settings.number("alpha"), targets: targets))
  }
}
