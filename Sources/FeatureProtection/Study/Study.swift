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
  public internal(set) var measurements: [ResultRow] = []

  let evaluator: Evaluator
  let output: String?
  /// The answers on every set of weights that may be met again, by the weights' digest: the
  /// reference, and for as long as a seed lasts what other methods are made of.
  private var known: [String: [Predictions]] = [:]

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
      reference: materials.reference, context: context)
  }

  /// Runs all methods and seeds.
  ///
  /// - Returns: The rows of `results.jsonl`.
  @discardableResult
  public func run() throws -> [ResultRow] {
    let sources = try sourceMethods()
    let reference = try materials.reference.weights.digest()
    for seed in try configuration.seeds {
      var tuned: [String: TrainedMethod] = [:]
      known = known.filter { $0.key == reference }
      for name in configuration.methodNames {
        let variants = try configuration.variants(of: name)
        let recipe = try variants[0].method.recipe(variants[0].ownSettings)
        switch (recipe.trainable, recipe.afterwards) {
        case (_, .interpolate):
          try interpolate(variants, seed: seed, tuned: &tuned)
        case (_, .average):
          try average(variants[0], seed: seed, tuned: &tuned)
        case (.nothing, _):
          try scoreReference(variants[0], seed: seed, reference)
        default:
          let result = try train(
            name, seed: seed, isReported: true, isSource: sources[name] != nil,
            keepsAll: sources[name] ?? false)
          // Kept only where it is needed again: each is as large as the model.
          if sources[name] != nil { tuned[name] = result }
        }
      }
    }
    return measurements
  }

  /// The methods whose results others are made of, and whether all their variants are.
  private func sourceMethods() throws -> [String: Bool] {
    var sources: [String: Bool] = [:]
    for variant in try configuration.methodNames.flatMap(configuration.variants) {
      guard let source = try source(of: variant) else { continue }
      sources[source] = (sources[source] ?? false) || variant.method.isSoup
    }
    return sources
  }

  /// The method whose result a variant is made of, or nil.
  func source(of variant: Variant) throws -> String? {
    try variant.method.recipe(variant.ownSettings).afterwards.source
  }

  /// What training a method's variants gave.
  struct TrainedMethod {
    /// The variant to report: the best on validation.
    var best: ImageClassifier
    /// Every variant with its accuracy on validation, where a soup is made of them.
    var all: [(classifier: ImageClassifier, validation: Double)] = []
  }

  /// Trains and scores every variant of a method.
  ///
  /// - Parameter isSource: Whether other methods are made of it, so that its weights are met again.
  func train(
    _ name: String, seed: Int, isReported: Bool, isSource: Bool = true, keepsAll: Bool = false
  ) throws -> TrainedMethod? {
    var all: [(classifier: ImageClassifier, validation: Double)] = []
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
        materials.reference, on: materials.trainingSet, adapter: adapter,
        observation: observation(of: variant, seed: seed))
      var rows: [ResultRow] = []
      if isReported || variants.count > 1 {
        let digest = try result.classifier.weights.digest()
        let answers = try score([(digest, Evaluator.Candidate(result.classifier))])[0]
        rows = try measure(variant, seed: seed, answers, digest)
        if isSource { known[digest] = answers }
      }
      if isReported { try record(rows) }
      let validation = validationScore(rows)
      if keepsAll { all.append((result.classifier, validation)) }
      if best.map({ validation > $0.validation }) ?? true {
        best = (result.classifier, rows, validation)
        if isReported {
          try save(result.classifier, name, variant, seed: seed)
          if let output, let adapters = result.adapters, configuration.savesCheckpoints {
            let folder = "\(output)/checkpoints/\(name)-seed\(seed)/adapter"
            try context.timing(.checkpoints) { () throws(HoldfastError) in
              try adapters.write(
                to: folder, baseModel: ModelLocation.absolute(configuration.model))
              try result.classifier.head().write("\(folder)/\(ClassificationHead.fileName)")
            }
          }
        }
      }
    }
    if variants.count > 1, isReported, let best { try recordSelected(best.rows) }
    return best.map { TrainedMethod(best: $0.classifier, all: all) }
  }

  /// Scores a training that goes on, on all sets, every `evaluate-every` steps; nil where it is not
  /// asked for.
  private func observation(of variant: Variant, seed: Int) -> Trainer.Observation? {
    configuration.evaluationInterval.map { interval in
      Trainer.Observation(every: interval) { [self] step, classifier in
        let digest = try classifier.weights.digest()
        let answers = try score([(digest, Evaluator.Candidate(classifier))])[0]
        let rows = try measure(variant, seed: seed, answers, digest)
        let metrics = Dictionary(grouping: rows, by: \.set).compactMapValues { $0.first?.metric }
        let words = rows.filter { $0.metric == metrics[$0.set] }.map { row in
          "\(row.set) \(row.metric) \(String(format: "%.1f %%", 100 * row.value))"
        }
        try context.report(.stage("Step \(step): \(words.joined(separator: ", "))"))
        for row in rows { try context.report(.observed(row, step: step)) }
      }
    }
  }

  /// Scores the reference; its answers are the same for every seed.
  private func scoreReference(_ variant: Variant, seed: Int, _ digest: String) throws {
    let answers: [Predictions]
    if let before = known[digest] {
      answers = before
    } else {
      try context.report(.stage("Scoring \(variant.method.name)"))
      answers = try score([(digest, Evaluator.Candidate(materials.reference))])[0]
      known[digest] = answers
      try save(materials.reference, variant.method.name, variant, seed: seed)
    }
    try record(measure(variant, seed: seed, answers, digest))
  }

  /// The answers of candidates on every set: `[candidate][set]`.
  ///
  /// Weights that are known by their digest, such as the two ends of a path, are not scored again.
  func score(
    _ candidates: [(digest: String, candidate: Evaluator.Candidate)]
  ) throws -> [[Predictions]] {
    func answered(_ digest: String) -> [Predictions]? { FastPaths.areOn ? known[digest] : nil }
    let fresh = candidates.filter { answered($0.digest) == nil }.map(\.candidate)
    let found = try materials.evaluationSets.map {
      try fresh.isEmpty ? [] : evaluator.predictions(of: fresh, on: $0)
    }
    var next = 0
    return candidates.map { candidate in
      if let before = answered(candidate.digest) { return before }
      defer { next += 1 }
      return found.map { $0[next] }
    }
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
