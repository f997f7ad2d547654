import Basics
import Torch

/// What is made of other methods' results: points of a path, and means.
extension Study {
  /// A point of a path with what was measured there.
  private struct Point {
    var path: InterpolationPath
    var variant: Variant
    var alpha: Double
    var rows: [ResultRow]
  }

  /// Scores the points of the paths to tuned classifiers, and chooses one on validation.
  func interpolate(
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
      let candidates = try path.namedCandidates(alphas)
      let answers = try score(candidates)
      for (index, alpha) in alphas.enumerated() {
        var point = variant
        point.setting["alpha"] = .number(alpha)
        let rows = try measure(point, seed: seed, answers[index], candidates[index].digest)
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
  func average(
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
    let kitchen = SoupKitchen(
      ingredients: ingredients.map(\.classifier),
      mean: { models in try models[0].with(Weights.mean(models.map(\.weights))) },
      accuracy: { classifier in
        guard let validation else {
          throw HoldfastError.usage(
            "\(variant.method.name): there are no validation images to choose by",
            remedy: "Set data.validation, or raise data.validation-fraction.")
        }
        return try validation.score(self.evaluator.predictions(of: classifier, on: validation))
      })
    let result: ImageClassifier
    let members: [Int]
    switch soup {
    case .uniform: (result, members) = try kitchen.uniform()
    case .greedy:
      (result, members, _) = try kitchen.greedy(validation: ingredients.map(\.validation))
    }
    var cooked = variant
    cooked.setting["models"] = .integer(members.count)
    let digest = try result.weights.digest()
    let answers = try score([(digest, Evaluator.Candidate(result))])[0]
    try record(measure(cooked, seed: seed, answers, digest))
    try save(result, variant.method.name, variant, seed: seed)
  }
}
