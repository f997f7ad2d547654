import Basics

extension StudyConfiguration {
  /// The comparison on the embedded benchmark and model, which `holdfast demo` runs.
  ///
  /// Strengths and rates were chosen on the validation images of `real` alone, by
  /// `holdfast compare recipes/minidomains-search.yaml`.
  public static func demo(seeds: Int = 3) -> JSONValue {
    let sets = ["clipart", "infograph", "painting", "quickdraw", "sketch"]
    return .object([
      "name": .string("demo"),
      "model": .string(ModelLocation.builtin),
      "data": .object([
        "train": .string("builtin:minidomains/real"),
        "id": .array([.string("builtin:minidomains/real")]),
        "ood": .array(sets.map { .string("builtin:minidomains/\($0)") }),
      ]),
      "seeds": .integer(seeds),
      "lr": .number(1e-3), "head-lr": .number(1e-2), "weight-decay": .number(0.01),
      "batch-size": .integer(64), "epochs": .integer(8), "warmup-steps": .integer(13),
      "augment": .string("none"), "evaluation-batch-size": .integer(250),
      "l1": .object(["strength": .number(1e-3)]),
      "l2": .object(["strength": .number(0.6)]),
      "kd": .object(["strength": .number(5)]),
      "lora": .object(["rank": .integer(4), "alpha": .number(8), "lr": .number(3e-3)]),
      "wise-ft": .object(["alpha": .string("0:1:0.1")]),
    ])
  }
}
