import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import Images
import TestSupport
import Testing
import Torch

/// Training follows a plain PyTorch script step by step (`Tests/Fixtures/make_training.py`).
@Suite struct TrajectoryTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var method: String
    var own: [String: JSONValue] = [:]
    /// Of the distance moved; looser for L1, whose sign flips near zero.
    var weightTolerance = 1e-4

    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "full", method: "full"),
    Case(name: "full-smoothing", method: "full"),
    Case(name: "l1", method: "l1", own: ["strength": .number(1e-3)], weightTolerance: 1e-3),
    Case(name: "l2", method: "l2", own: ["strength": .number(0.3)]),
    Case(
      name: "kd-probabilities", method: "kd",
      own: ["on": .string("probabilities"), "temperature": .number(2), "strength": .number(1)]),
    Case(
      name: "kd-logits", method: "kd", own: ["on": .string("logits"), "strength": .number(0.1)]),
    Case(
      name: "kd-features", method: "kd",
      own: ["on": .string("features"), "strength": .number(5)]),
    Case(name: "linear-probe", method: "linear-probe"),
    Case(name: "lora", method: "lora", own: ["rank": .integer(4), "alpha": .number(8)]),
  ]

  @Test(arguments: cases) func followsPyTorch(_ example: Case) throws {
    let folder = Fixtures.path("training")
    let oracle = try JSONValue.parse(
      Fixtures.data("training/\(example.name).json"), source: example.name)
    let expected = try SafetensorsFile(path: "\(folder)/\(example.name).safetensors")
    let (reference, set) = try Self.start()

    var values = oracle["settings"]?.object ?? [:]
    values["order"] = .string("sequential")
    values["augment"] = .string("none")
    let method = try MethodTable.method(example.method)
    let own = method.defaults.merging(example.own) { _, new in new }
    let recipe = try method.recipe(MethodSettings(method: example.method, values: own))
    let trainer = Trainer(
      recipe, settings: try TrainingSettings(values: values),
      label: Trainer.Label(method: example.method), seed: 0)
    let adapter =
      example.method == "lora"
      ? try LowRankAdapters.read("\(folder)/lora-start", for: reference.weights.layout) : nil
    let result = try trainer.train(reference, on: set, adapter: adapter)

    let losses = (oracle["losses"]?.array ?? []).compactMap(\.double)
    #expect(losses.count == 20 && result.losses.count == 20)
    for (step, (ours, theirs)) in zip(result.losses, losses).enumerated() {
      #expect(abs(ours - theirs) <= 1e-5 * abs(theirs), "step \(step + 1): \(ours), \(theirs)")
    }

    var error = 0.0
    var moved = 0.0
    var compared = 0
    for name in expected.names where !name.hasSuffix("k_proj.bias") {
      let source = result.adapters.flatMap { $0.weights.contains(name) ? $0.weights : nil }
      let start = adapter.flatMap { $0.weights.contains(name) ? $0.weights : nil }
      let theirs = try expected.tensor(name).to(.float64)
      let ours = try (source ?? result.classifier.weights).tensor(name).to(.float64)
      let before = try (start ?? reference.weights).tensor(name).to(.float64)
      error += try ((ours - theirs) * (ours - theirs)).sum().item()
      moved += try ((before - theirs) * (before - theirs)).sum().item()
      compared += 1
    }
    #expect(compared == expected.names.count { !$0.hasSuffix("k_proj.bias") } && compared >= 2)
    #expect(moved > 0)
    #expect((error / moved).squareRoot() <= example.weightTolerance, "of the distance moved")
  }

  @Test func theZeroShotHeadIsThatOfPyTorch() throws {
    let expected = try SafetensorsFile(path: Fixtures.path("training/head.safetensors"))
    let (reference, _) = try Self.start()
    let ours = try reference.head()
    let theirs = try expected.tensor("weight")
    let difference = try (ours.weight - theirs).reshaped(1, -1).norm().item()
    #expect(try difference < 1e-5 * theirs.reshaped(1, -1).norm().item())
    #expect(try ours.bias.elements(as: Float.self).allSatisfy { $0 == 0 })
  }

  /// The tiny CLIP with its zero-shot head, and the training images.
  static func start() throws -> (ImageClassifier, TrainingSet) {
    let checkpoint = try Checkpoint.read(Fixtures.path("towers/tiny-quickgelu"))
    let data = try DatasetSpecifier.parse(Fixtures.path("training/images")).open(for: .training)
    let prompts = try PromptSet(file: Fixtures.path("training/prompts.txt"))
    let head = try ClassificationHead.zeroShot(
      checkpoint, classes: data[0].classes, prompts: prompts.prompts(for:))
    return (
      try ImageClassifier(checkpoint, head: head),
      TrainingSet(data[0], preprocessing: try StudyMaterials.preprocessing(of: checkpoint))
    )
  }
}
