/// The methods of the field in the order in which tables list them, with their names in words.
enum MethodName {
  private static let known: [(name: String, label: String)] = [
    ("zero-shot", "Zero-shot"),
    ("linear-probe", "Linear probe"),
    ("full", "Full fine-tuning"),
    ("l1", "L1 penalty"),
    ("l2", "L2 penalty"),
    ("kd", "Distillation (KD)"),
    ("lora", "LoRA"),
    ("wise-ft", "WiSE-FT"),
    ("uniform-soup", "Uniform soup"),
    ("greedy-soup", "Greedy soup"),
  ]

  private static let furtherLabels = ["lp-ft": "LP-FT", "flyp": "FLYP"]

  /// The method as a reader would say it; the name itself for one that is not known.
  static func label(_ name: String) -> String {
    known.first { $0.name == name }?.label ?? furtherLabels[name] ?? name
  }

  /// The place of a method in tables and palettes, or nil for one that comes after, by name.
  static func rank(_ name: String) -> Int? {
    known.firstIndex { $0.name == name }
  }

  static func precedes(_ left: String, _ right: String) -> Bool {
    let ranks = (rank(left) ?? known.count, rank(right) ?? known.count)
    return ranks.0 == ranks.1 ? left < right : ranks.0 < ranks.1
  }
}
