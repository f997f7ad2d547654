import Basics
import CLIP
import FeatureProtection
import TestSupport
import Testing
import Torch

/// Batch normalisation's running statistics are no one's to change.
@Suite struct FixedTensorTests {
  /// A classifier over a small ResNet for the 32 pixel images of the training fixtures.
  private static func resNet(classes: [String]) throws -> ImageClassifier {
    let architecture = CLIPArchitecture(
      vision: .resNet(ResNetArchitecture(blocks: [1, 1, 1, 1], width: 4, heads: 2)),
      imageSize: 32,
      text: TransformerArchitecture(
        width: 8, layers: 1, heads: 1, mlpWidth: 8, activation: .gelu),
      vocabularyCount: 9, contextLength: 4, projectionWidth: 12, endToken: 8)
    let layout = try architecture.visionLayout()
    let names = layout.names
    let tower = try Weights(layout: layout) { (name) throws(HoldfastError) in
      let shape = layout[name]?.shape ?? []
      let count = shape.reduce(1, *)
      var random = CounterRandom(names.firstIndex(of: name) ?? 0)
      let noise = (0..<count).map { _ in Float(random.normal()) }
      let values =
        if name.hasSuffix("running_var") {
          noise.map { 0.5 + $0 * $0 }
        } else if name.contains("bn") && name.hasSuffix("weight") {
          noise.map { 1 + 0.1 * $0 }
        } else if shape.count > 1 {
          noise.map { $0 * (2 / Float(count / shape[0])).squareRoot() }
        } else {
          noise.map { 0.1 * $0 }
        }
      return try Tensor(values, shape: shape)
    }
    let checkpoint = Checkpoint(
      architecture: architecture, weights: tower, files: [:], folder: "nowhere")
    return try ImageClassifier(
      checkpoint,
      head: ClassificationHead(
        weight: .random(classes.count, 12, key: 1), bias: .random(classes.count, key: 2),
        classes: classes))
  }

  static let recipes: [Recipe] = [
    Recipe(.everything),
    Recipe(.everything, penalty: ReferencePenalty(l1: 1e-2)),
    Recipe(.everything, penalty: ReferencePenalty(l2: 10)),
    Recipe(.head),
  ]

  @Test(arguments: recipes.indices) func trainingLeavesThemBitForBit(_ index: Int) throws {
    let recipe = Self.recipes[index]
    let set = try TrajectoryTests.start().1
    let reference = try Self.resNet(classes: set.dataset.classes)
    let settings = try TinyStudy.settings(["weight-decay": .number(0.5), "clip-norm": .number(1)])
    let result = try Trainer(recipe, settings: settings).train(reference, on: set)
    let fixed = Set(reference.weights.names.filter(CLIPArchitecture.isFixed))
    #expect(fixed.count == 2 * (3 + 4 * 4))
    let changed = try changedNames(reference.weights, result.classifier.weights)
    if recipe.trainable == .head {
      #expect(changed.allSatisfy(ImageClassifier.isHead) && changed.count == 2)
    } else {
      #expect(changed == Set(reference.weights.names).subtracting(fixed))
    }

    // Nor do points between two models have others, but for the rounding of (1 − α) x + α x.
    let middle = try InterpolationPath(from: reference, to: result.classifier).point(0.3)
    for name in fixed {
      expectClose(
        try middle.weights.tensor(name).elements(as: Float.self),
        try reference.weights.tensor(name).elements(as: Float.self), relative: 0x1p-22)
    }
  }

  @Test func combiningModelsOfOtherStatisticsIsWarnedOf() throws {
    let reference = try Self.resNet(classes: ["a", "b"])
    let one = Checkpoint(
      architecture: reference.architecture,
      weights: try reference.weights.filtered { !ImageClassifier.isHead($0) },
      head: try reference.head(), files: [:], folder: "one")
    var other = one
    other.folder = "other"
    let log = EventLog()
    _ = try Checkpoint.withHeads([one, other], prompts: nil, log.context())
    #expect(log.events.isEmpty)
    let name = try #require(one.weights.names.first { $0.hasSuffix("running_var") })
    other.weights = try other.weights.clone()
    let tensor = try other.weights.tensor(name)
    try tensor.copy(from: tensor * 1.01)
    _ = try Checkpoint.withHeads([one, other], prompts: nil, log.context())
    #expect(
      log.events.contains {
        guard case .warning(let text) = $0 else { return false }
        return text.contains(name) && text.contains("one and other differ")
      })
  }

  @Test func lowRankUpdatesNeedATransformer() throws {
    let set = try TrajectoryTests.start().1
    let reference = try Self.resNet(classes: set.dataset.classes)
    let recipe = Recipe(.lowRank(rank: 2, alpha: 2, targets: LoRA.knownTargets))
    expectProblem(.usage, containing: "the vision tower is a ResNet") {
      try Trainer(recipe, settings: TinyStudy.settings()).train(reference, on: set)
    }
  }

  @Test func penaltiesSeeOnlyWhatIsTrained() throws {
    let set = try TrajectoryTests.start().1
    let reference = try Self.resNet(classes: set.dataset.classes)
    let onlyFixed = ReferencePenalty(l2: 1, covered: NamePatterns(include: ["*.running_mean"]))
    expectProblem(.usage, containing: "leave no tensor") {
      try Trainer(Recipe(.everything, penalty: onlyFixed), settings: TinyStudy.settings())
        .train(reference, on: set)
    }
  }
}
