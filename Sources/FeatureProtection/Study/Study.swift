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
  private func source(of variant: Variant) throws -> String? {
    try variant.method.recipe(variant.ownSettings).afterwards.source
  }

  /// What training a method's variants gave.
  private struct TrainedMethod {
    /// The variant to report: the best on validation.
    var best: ImageClassifier
    /// Every variant with its accuracy on validation, where a soup is made of them.
    var all: [(classifier: ImageClassifier, validation: Double)] = []
  }

  /// Trains and scores every variant of a method.
  ///
  /// - Parameter isSource: Whether other methods are made of it, so that its weights are met again.
  private func train(
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

  /// A point of a path with what was measured there.
  private struct Point {
    var path: InterpolationPath
    var variant: Variant
    var alpha: Double
    var rows: [ResultRow]
  }

  /// Scores the points of the paths to tuned classifiers, and chooses one on validation.
  private func interpolate(
    _ variants: [Variant], seed: Int, tuned: inout [String: TrainedMethod]
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
      guard let end = tuned[source]?.best else { continue }
      try context.report(
        .stage("Scoring \(alphas.count) points from the start to \(source), seed \(seed)"))
      let path = try InterpolationPath(
        from: materials.reference.over(end.features), to: end)
      let digests = try alphas.map { try path.point($0).weights.digest() }
      let answers = try score(Array(zip(digests, path.candidates(alphas))))
      for (index, alpha) in alphas.enumerated() {
        var point = variant
        point.setting["alpha"] = .number(alpha)
        let rows = try measure(point, seed: seed, answers[index], digests[index])
        try record(rows)
        points.append(Point(path: path, variant: variant, alpha: alpha, rows: rows))
      }
    }
    // The first of equals.
    guard
      let best = points.max(by: { validationScore($0.rows) < validationScore($1.rows) })
    else { return }
    let isChosen = best.rows.contains { $0.role == .validation }
    if isChosen, points.count > 1 { try recordSelected(best.rows) }
    let shipped = isChosen || points.count == 1 ? best.alpha : 0.5
    try save(best.path.point(shipped), best.variant.method.name, best.variant, seed: seed)
  }

  /// Scores the mean of a method's variants.
  private func average(
    _ variant: Variant, seed: Int, tuned: inout [String: TrainedMethod]
  ) throws {
    guard
      case .average(let source, let soup) = try variant.method.recipe(variant.ownSettings)
        .afterwards
    else { return }
    guard try configuration.variants(of: source).count > 1 else {
      throw HoldfastError.usage(
        "\(variant.method.name) of \(source): there is one model to average",
        remedy: "Give settings as lists, such as \(source): {lr: [1e-5, 3e-5]}.")
    }
    if tuned[source]?.all.isEmpty ?? true {
      tuned[source] = try train(source, seed: seed, isReported: false, keepsAll: true)
    }
    try context.report(.stage("Making the \(soup.rawValue) soup of \(source), seed \(seed)"))
    let ingredients = tuned[source]?.all ?? []
    let validation = materials.evaluationSets.first { $0.role == .validation }
    let kitchen = SoupKitchen(ingredients: ingredients.map(\.classifier)) { (classifier) in
      guard let validation else {
        throw HoldfastError.usage(
          "\(variant.method.name): there are no validation images to choose by",
          remedy: "Set data.validation, or raise data.validation-fraction.")
      }
      return try validation.score(self.evaluator.predictions(of: classifier, on: validation))
    }
    let result: (classifier: ImageClassifier, members: [Int])
    switch soup {
    case .uniform: result = try kitchen.uniform()
    case .greedy: result = try kitchen.greedy(validation: ingredients.map(\.validation))
    }
    var cooked = variant
    cooked.setting["models"] = .integer(result.members.count)
    let digest = try result.classifier.weights.digest()
    let answers = try score([(digest, Evaluator.Candidate(result.classifier))])[0]
    try record(measure(cooked, seed: seed, answers, digest))
    try save(result.classifier, variant.method.name, variant, seed: seed)
  }

  /// The primary metric of the validation set, which is the first of its rows.
  private func validationScore(_ rows: [ResultRow]) -> Double {
    rows.first { $0.role == .validation }?.value ?? 0
  }

  /// The answers of candidates on every set: `[candidate][set]`.
  ///
  /// Weights that are known by their digest, such as the two ends of a path, are not scored again.
  private func score(
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

  private func measure(
    _ variant: Variant, seed: Int, _ answers: [Predictions], _ digest: String
  ) throws -> [ResultRow] {
    let recipe = try recipeDigest(variant)
    let rows = zip(materials.evaluationSets, answers).flatMap { set, answer in
      set.rows(
        answer, method: variant.method.name, setting: variant.setting, seed: seed, recipe: recipe,
        weights: digest, countsSkipped: context.skipBad,
        training: materials.trainingSet.dataset.conditions)
    }
    return rows + CorruptionError.rows(of: rows, on: materials.evaluationSets)
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
    let metadata = [
      "method": name, "seed": "\(seed)", "base": configuration.model,
      "recipe": try recipeDigest(variant), "settings": try decisive(variant).text(),
    ]
    try context.timing(.checkpoints) { () throws(HoldfastError) in
      try classifier.checkpoint(from: materials.checkpoint).write(to: folder, metadata: metadata)
    }
    try context.report(.saved(folder))
  }

  /// The digest of everything that decides a variant's numbers.
  private func recipeDigest(_ variant: Variant) throws -> String {
    try SHA256.name(of: Data(decisive(variant).text().utf8))
  }

  /// Everything that decides a variant's numbers; checkpoints carry it, and results its digest.
  private func decisive(_ variant: Variant) throws -> JSONValue {
    let tree = configuration.tree
    return .object([
      "method": .string(variant.method.name), "own": .object(variant.ownSettings.values),
      "training": .object(variant.training.values), "data": tree["data"] ?? .null,
      "model": .string(configuration.model), "head": .string(configuration.head),
      "classes": tree["classes"] ?? .null, "prompts": tree["prompts"] ?? .null,
      "precision": .string(configuration.precision), "adapter": tree["adapter"] ?? .null,
      // What was interpolated was trained with settings of its own.
      "source": try source(of: variant).flatMap { tree[$0] } ?? .null,
    ])
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
