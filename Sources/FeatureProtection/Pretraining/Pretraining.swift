import Basics
import Benchmarks
import CLIP
import Foundation
import Images
import Torch

/// Pre-trains MiniCLIP on captioned images of all domains, the small world's "web".
///
/// The symmetric contrastive loss of CLIP (Radford et al. 2021) plus a bag-of-words loss on the
/// image feature, whose head is thrown away; in the first third every caption is short. Without
/// these two the small model learns colours and never shapes.
public struct Pretraining: Sendable {
  /// Optimiser steps; the default, 4500, is what the shipped model had.
  public var steps = 4500
  public var seed = 0
  /// Images rendered once; captions are drawn anew at each visit; the default is 60 000.
  public var poolSize = 60_000
  /// Image-caption pairs a step; the default is 128.
  public var batchSize = 128
  /// The peak learning rate; the default is 2e-3.
  public var rate = 2e-3

  public init() {}

  /// Trains from scratch and writes a folder in the Hugging Face layout.
  ///
  /// - Returns: The losses of all steps.
  @discardableResult
  public func run(to folder: String, context: RunContext) throws -> [Double] {
    try context.report(.stage("Rendering \(poolSize) captioned images"))
    let world = PretrainingWorld(try MiniCLIP.tokenizer(), poolSize: poolSize, seed: seed)
    let architecture = MiniCLIP.architecture(for: world.tokenizer)
    try context.report(.stage("Pre-training for \(steps) steps of \(batchSize) pairs"))
    let start = try MiniCLIP.initialWeights(architecture, seed: seed)
    let (weights, losses) = try train(start, architecture, world, context)

    try world.tokenizer.write(to: folder, contextLength: architecture.contextLength)
    let preprocessing = Preprocessing(imageSize: architecture.imageSize)
    let files: [String: Data] = [
      "preprocessor_config.json": Data((preprocessing.json.text(pretty: true) + "\n").utf8),
      "prompts.txt": Data((MiniCLIP.prompts.joined(separator: "\n") + "\n").utf8),
    ]
    try Checkpoint(architecture: architecture, weights: weights, files: files, folder: folder)
      .write(
        to: folder,
        metadata: ["made_by": "holdfast pretrain --steps \(steps) --seed \(seed)"])
    try context.report(.saved(folder))
    return losses
  }

  private func train(
    _ start: Weights, _ architecture: CLIPArchitecture, _ world: PretrainingWorld,
    _ context: RunContext
  ) throws -> (Weights, [Double]) {
    let trained = try TrainableWeights(Self.withWordHead(start, architecture, world, seed: seed))
    let optimizer = try AdamW(trained, betas: (0.9, 0.98), epsilon: 1e-6) { name in
      AdamW.Options(decay: (trained.layout[name]?.shape.count ?? 0) >= 2 ? 0.1 : 0)
    }
    let schedule = LearningRateSchedule(steps: steps, warmupSteps: min(100, steps))
    let normalizer = try PixelNormalizer(
      Preprocessing(imageSize: architecture.imageSize), device: .cpu)
    let targets = try Tensor((0..<batchSize).map(Int64.init))
    var losses: [Double] = []
    for step in 0..<steps {
      try context.stop.check()
      let batch = world.batch(
        step, size: batchSize, seed: seed, onlyShort: 3 * step < steps)
      let features = try VisionTower(architecture, trained)(normalizer(batch.pixels))
      let texts = try TextTower(architecture, trained)(batch.tokens).normalized()
      let scale = try trained.tensor("logit_scale").clamped(atMost: log(100)).exp()
      let logits = try features.normalized().matmul(texts.transposed(0, 1)) * scale
      let contrast =
        try logits.crossEntropy(targets)
        + logits.transposed(0, 1).crossEntropy(targets)
      let words = try features.linear(
        trained.tensor(Self.wordWeight), trained.tensor(Self.wordBias))
      let loss =
        try contrast * 0.5
        + words.crossEntropy(Tensor(batch.words, shape: [batchSize, world.wordCount]))
      try loss.backward()
      let factor = schedule.factor(at: step)
      let report = try optimizer.step(rate: rate * factor, headRate: 0, clipNorm: 1)
      let value = try loss.item()
      guard value.isFinite, report.gradientNorm.isFinite else {
        throw HoldfastError.internalError("the loss is not finite at step \(step + 1)")
      }
      losses.append(value)
      try context.report(
        .step(
          StepRecord(
            method: "pretrain", setting: [:], seed: seed, step: step + 1, steps: steps, epoch: 0,
            loss: value, crossEntropy: value, rate: rate * factor,
            gradientNorm: report.gradientNorm)))
    }
    let final = try trained.values.filtered { !$0.hasPrefix("bag_of_words.") }
    return (try Weights(layout: architecture.layout(), copying: final.tensor), losses)
  }

  static let wordWeight = "bag_of_words.weight"
  static let wordBias = "bag_of_words.bias"

  private static func withWordHead(
    _ weights: Weights, _ architecture: CLIPArchitecture, _ world: PretrainingWorld, seed: Int
  ) throws(HoldfastError) -> Weights {
    let width = architecture.projectionWidth
    let head: [[(name: String, shape: [Int])]] = [
      [(wordWeight, [world.wordCount, width])], [(wordBias, [world.wordCount])],
    ]
    let layout = try WeightsLayout(groups: weights.layout.groups + head)
    var random = CounterRandom(seed, -1)
    let bound = 1 / Double(width).squareRoot()
    let values = (0..<world.wordCount * width).map { _ in Float(random.uniform(-bound, bound)) }
    return try Weights(layout: layout) { (name) throws(HoldfastError) in
      switch name {
      case wordWeight: return try Tensor(values, shape: [world.wordCount, width])
      case wordBias: return try Tensor.zeros([world.wordCount])
      default: return try weights.tensor(name)
      }
    }
  }
}
