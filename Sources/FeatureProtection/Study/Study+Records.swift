import Basics
import CLIP
import Foundation
import Torch

/// What a study measures and keeps: rows, and checkpoints with everything that decides them.
extension Study {
  /// The rows of a variant's answers on every set.
  ///
  /// - Parameter digest: The digest of the weights that gave them.
  func measure(
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

  /// Keeps rows and reports each.
  func record(_ rows: [ResultRow]) throws {
    measurements += rows
    for row in rows { try context.report(.measured(row)) }
  }

  /// Repeats rows as those of the setting that validation chose.
  func recordSelected(_ rows: [ResultRow]) throws {
    guard let validation = rows.first(where: { $0.role == .validation }) else { return }
    try record(
      rows.map { row in
        var chosen = row
        chosen.selectedOn = validation.set
        return chosen
      })
  }

  /// Writes a classifier among the run's checkpoints, where they are kept.
  func save(
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

  /// The primary metric of the validation set, which is the first of its rows.
  func validationScore(_ rows: [ResultRow]) -> Double {
    rows.first { $0.role == .validation }?.value ?? 0
  }
}
