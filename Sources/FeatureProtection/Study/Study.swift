import Basics
import CLIP
import Foundation
import Torch

/// The comparison: every method with every seed, scored on every set, on the same footing.
public final class Study {
  public let configuration: StudyConfiguration
  public let materials: StudyMaterials
  public let context: RunContext
  /// Every row so far, in the order it was measured.
  public private(set) var measurements: [ResultRow] = []

  private let evaluator: Evaluator
  private let output: String?
  private var zeroShotPredictions: [Predictions]?

  /// - Parameter output: The run folder, for checkpoints; nil keeps none.
  public init(
    _ configuration: StudyConfiguration, _ materials: StudyMaterials, output: String? = nil,
    context: RunContext
  ) {
    self.configuration = configuration
    self.materials = materials
    self.output = output
    self.context = context
    evaluator = Evaluator(
      preprocessing: materials.preprocessing, batchSize: configuration.evaluationBatchSize,
      context: context)
  }

  /// Runs all methods and seeds.
  ///
  /// - Returns: The rows of `results.jsonl`.
  @discardableResult
  public func run() throws -> [ResultRow] {
    let sources = try interpolatedMethods()
    for seed in try configuration.seeds {
      var tuned: [String: ImageClassifier] = [:]
      for name in configuration.methodNames {
        let variants = try configuration.variants(of: name)
        let recipe = try variants[0].method.recipe(variants[0].ownSettings)
        switch (recipe.trainable, recipe.afterwards) {
        case (_, .interpolate):
          try interpolate(variants, seed: seed, tuned: &tuned)
        case (.nothing, _):
          try scoreReference(variants[0], seed: seed)
        default:
          let classifier = try train(name, seed: seed, isReported: true)
          // Kept only where it is needed again: each is as large as the model.
          if sources.contains(name) { tuned[name] = classifier }
        }
      }
    }
    return measurements
  }

  /// The methods whose results are interpolated.
  private func interpolatedMethods() throws -> Set<String> {
    var sources: Set<String> = []
    for variant in try configuration.methodNames.flatMap(configuration.variants) {
      if let source = try self.source(of: variant) { sources.insert(source) }
    }
    return sources
  }

  /// The method whose result a variant interpolates, or nil.
  private func source(of variant: Variant) throws -> String? {
    guard
      case .interpolate(let source, _) = try variant.method.recipe(variant.ownSettings).afterwards
    else { return nil }
    return source
  }

  /// Trains and scores every variant of a method.
  ///
  /// - Returns: The classifier of the variant to report: the best on validation.
  private func train(_ name: String, seed: Int, isReported: Bool) throws -> ImageClassifier? {
    var best: (classifier: ImageClassifier, rows: [ResultRow], validation: Double)?
    let variants = try configuration.variants(of: name)
    for variant in variants {
      let recipe = try variant.method.recipe(variant.ownSettings)
      let trainer = Trainer(
        recipe, settings: variant.training,
        label: Trainer.Label(method: name, setting: variant.setting), seed: seed, context: context)
      try context.report(.stage("Training \(describe(name, variant.setting)), seed \(seed)"))
      try warnOfLongWarmUp(variant.training)
      let adapter = try configuration.adapterFolder.map {
        try LowRankAdapters.read($0, for: materials.reference.weights.layout)
      }
      let result = try trainer.train(
        materials.reference, on: materials.trainingSet, adapter: adapter)
      var rows: [ResultRow] = []
      if isReported || variants.count > 1 {
        let answers = try score([Evaluator.Candidate(result.classifier)]).map { $0[0] }
        rows = try measure(variant, seed: seed, answers, weights: result.classifier.weights)
      }
      if isReported { try record(rows) }
      let validation = validationAccuracy(rows)
      if best.map({ validation > $0.validation }) ?? true {
        best = (result.classifier, rows, validation)
        if isReported {
          try save(result.classifier, name, variant, seed: seed)
          if let output, let adapters = result.adapters, configuration.savesCheckpoints {
            let folder = "\(output)/checkpoints/\(name)-seed\(seed)/adapter"
            try adapters.write(
              to: folder, baseModel: ModelLocation.absolute(configuration.model))
            try result.classifier.head().write("\(folder)/\(ClassificationHead.fileName)")
          }
        }
      }
    }
    if variants.count > 1, isReported, let best { try recordSelected(best.rows) }
    return best?.classifier
  }

  /// Scores the reference; its answers are the same for every seed.
  private func scoreReference(_ variant: Variant, seed: Int) throws {
    let answers: [Predictions]
    if let known = zeroShotPredictions {
      answers = known
    } else {
      try context.report(.stage("Scoring \(variant.method.name)"))
      answers = try score([Evaluator.Candidate(materials.reference)]).map { $0[0] }
      zeroShotPredictions = answers
      try save(materials.reference, variant.method.name, variant, seed: seed)
    }
    try record(measure(variant, seed: seed, answers, weights: materials.reference.weights))
  }

  /// A point of a path with what was measured there.
  private struct Point {
    var path: InterpolationPath
    var variant: Variant
    var alpha: Double
    var rows: [ResultRow]
  }

  /// Scores the points of the paths to tuned classifiers, and chooses one on validation.
  private func interpolate(
    _ variants: [Variant], seed: Int, tuned: inout [String: ImageClassifier]
  ) throws {
    var points: [Point] = []
    for variant in variants {
      guard
        case .interpolate(let source, let alphas) = try variant.method.recipe(variant.ownSettings)
          .afterwards
      else { continue }
      if tuned[source] == nil {
        tuned[source] = try train(source, seed: seed, isReported: false)
      }
      guard let end = tuned[source] else { continue }
      try context.report(
        .stage("Scoring \(alphas.count) points from the start to \(source), seed \(seed)"))
      let path = try InterpolationPath(from: materials.reference, to: end)
      let answers = try score(path.candidates(alphas))
      for (index, alpha) in alphas.enumerated() {
        var point = variant
        point.setting["alpha"] = .number(alpha)
        let rows = try measure(
          point, seed: seed, answers.map { $0[index] }, weights: path.point(alpha).weights)
        try record(rows)
        points.append(Point(path: path, variant: variant, alpha: alpha, rows: rows))
      }
    }
    // The first of equals.
    guard
      let best = points.max(by: { validationAccuracy($0.rows) < validationAccuracy($1.rows) })
    else { return }
    let isChosen = best.rows.contains { $0.role == .validation }
    if isChosen, points.count > 1 { try recordSelected(best.rows) }
    let shipped = isChosen || points.count == 1 ? best.alpha : 0.5
    try save(best.path.point(shipped), best.variant.method.name, best.variant, seed: seed)
  }

  private func validationAccuracy(_ rows: [ResultRow]) -> Double {
    rows.first { $0.role == .validation }?.value ?? 0
  }

  /// The answers of candidates on every set: `[set][candidate]`.
  private func score(_ candidates: [Evaluator.Candidate]) throws -> [[Predictions]] {
    try materials.evaluationSets.map { try evaluator.predictions(of: candidates, on: $0) }
  }

  private func measure(
    _ variant: Variant, seed: Int, _ answers: [Predictions], weights: Weights
  ) throws -> [ResultRow] {
    let digest = try weights.digest()
    let recipe = try recipeDigest(variant)
    return zip(materials.evaluationSets, answers).map { set, answer in
      ResultRow(
        method: variant.method.name, setting: variant.setting, seed: seed, set: set.name,
        role: set.role, metric: "top1", value: answer.top1, n: answer.count,
        ci95: answer.interval, recipe: recipe, weights: digest,
        skipped: context.skipBad ? answer.skipped : nil)
    }
  }

  private func record(_ rows: [ResultRow]) throws {
    measurements += rows
    for row in rows { try context.report(.measured(row)) }
  }

  /// Repeats rows as those of the setting that validation chose.
  private func recordSelected(_ rows: [ResultRow]) throws {
    guard let validation = rows.first(where: { $0.role == .validation }) else { return }
    try record(
      rows.map { row in
        var chosen = row
        chosen.selectedOn = validation.set
        return chosen
      })
  }

  private func save(
    _ classifier: ImageClassifier, _ name: String, _ variant: Variant, seed: Int
  ) throws {
    guard let output, configuration.savesCheckpoints else { return }
    let folder = "\(output)/checkpoints/\(name)-seed\(seed)"
    try classifier.checkpoint(from: materials.checkpoint).write(
      to: folder,
      metadata: [
        "method": name, "seed": "\(seed)", "base": configuration.model,
        "recipe": try recipeDigest(variant),
      ])
    try context.report(.saved(folder))
  }

  /// The digest of everything that decides a variant's numbers.
  private func recipeDigest(_ variant: Variant) throws -> String {
    let tree = configuration.tree
    let decisive = JSONValue.object([
      "method": .string(variant.method.name), "own": .object(variant.ownSettings.values),
      "training": .object(variant.training.values), "data": tree["data"] ?? .null,
      "model": .string(configuration.model), "head": .string(configuration.head),
      "classes": tree["classes"] ?? .null, "prompts": tree["prompts"] ?? .null,
      "precision": .string(configuration.precision), "adapter": tree["adapter"] ?? .null,
      // What was interpolated was trained with settings of its own.
      "source": try source(of: variant).flatMap { tree[$0] } ?? .null,
    ])
    return SHA256.name(of: Data(decisive.text().utf8))
  }

  private func describe(_ name: String, _ setting: [String: JSONValue]) -> String {
    let parts = setting.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value.text())" }
    return parts.isEmpty ? name : "\(name) (\(parts.joined(separator: ", ")))"
  }

  private func warnOfLongWarmUp(_ settings: TrainingSettings) throws {
    let steps = settings.stepCount(images: materials.trainingSet.count)
    guard settings.warmupSteps >= steps, steps > 0 else { return }
    try context.report(
      .warning(
        "warmup-steps \(settings.warmupSteps) is not below the \(steps) steps of the run: "
          + "the learning rate never reaches lr"))
  }
}
