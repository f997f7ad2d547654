import Basics
import Foundation

extension StudyConfiguration {
  /// What the demonstration changes of the defaults: every method on MiniDomains with MiniCLIP.
  ///
  /// The same as `recipes/minidomains.yaml`, which says where the settings come from; a test
  /// compares the two.
  public static var demo: JSONValue {
    let shifted = ["clipart", "infograph", "painting", "quickdraw", "sketch"]
    return .object([
      "name": .string("demo"),
      "model": .string(ModelLocation.builtin),
      "data": .object([
        "train": .string("builtin:minidomains/real"),
        "id": .array([.string("builtin:minidomains/real")]),
        "ood": .array(shifted.map { .string("builtin:minidomains/\($0)") }),
      ]),
      "seeds": .integer(3),
      "lr": .number(1e-3), "head-lr": .number(1e-2), "weight-decay": .number(1e-2),
      "batch-size": .integer(64), "epochs": .integer(8), "warmup-steps": .integer(13),
      "augment": .string("none"), "evaluation-batch-size": .integer(125),
      "l1": .object(["strength": .number(1e-4)]),
      "l2": .object(["strength": .number(0.03)]),
      "kd": .object(["strength": .integer(3)]),
      "lora": .object(["rank": .integer(4), "alpha": .integer(8), "lr": .number(6e-3)]),
      "wise-ft": .object(["alpha": .string("0:1:0.1")]),
    ])
  }

  /// What turns the strengths of L1, L2 and KD and the rank of LoRA into lists around their values,
  /// so that each gives a path and not a point.
  ///
  /// Strengths are multiplied by 0.1, 0.3, 1, 3 and 10; ranks are 1, 2, 4, 8 and 16. A setting that
  /// is a list already stays as it is.
  public var paths: JSONValue {
    var changes: [String: JSONValue] = [:]
    for name in [L1Penalty.name, L2Penalty.name, KnowledgeDistillation.name] {
      guard methodNames.contains(name), let value = tree[name]?["strength"]?.double, value > 0
      else { continue }
      let strengths = [0.1, 0.3, 1, 3, 10].map { JSONValue.number(Self.rounded(value * $0)) }
      changes[name] = .object(["strength": .array(strengths)])
    }
    if methodNames.contains(LoRA.name), tree[LoRA.name]?["rank"]?.int != nil {
      changes[LoRA.name] = .object(["rank": .array([1, 2, 4, 8, 16].map(JSONValue.integer))])
    }
    return .object(changes)
  }

  /// To twelve digits, so that three times 1e-4 is 3e-4.
  private static func rounded(_ value: Double) -> Double {
    Double(String(format: "%.12g", value)) ?? value
  }
}
