import Basics
import Benchmarks
import CLIP
import Foundation
import Torch

/// The WiSE-FT curve between two checkpoints: the accuracy at each α, in one pass over the images.
///
/// Numbers are those of interpolating the checkpoints and scoring each result.
public struct InterpolationSweep {
  private let from: Checkpoint
  private let to: Checkpoint
  public var alphas: [Double]
  /// A file of class names, as `--classes` takes it.
  public var classesFile: String?
  /// A file, or the name of a built-in list; nil takes each checkpoint's own prompts.
  public var prompts: String?
  /// What the sets are to the models.
  public var role: ResultRow.Role
  /// Images at once; the default is 128.
  public var batchSize: Int
  public var context: RunContext

  /// - Throws: `HoldfastError` where the two do not fit; a checkpoint without a head gets the
  ///   zero-shot head for the other's classes.
  public init(
    from: Checkpoint, to: Checkpoint, alphas: [Double], classesFile: String? = nil,
    prompts: String? = nil, role: ResultRow.Role = .inDistribution, batchSize: Int = 128,
    context: RunContext
  ) throws {
    let complete = try Checkpoint.withHeads([from, to], prompts: prompts, context)
    self.from = complete[0]
    self.to = complete[1]
    self.alphas = alphas
    self.classesFile = classesFile
    self.prompts = prompts
    self.role = role
    self.batchSize = batchSize
    self.context = context
  }

  /// Scores every point on every set.
  ///
  /// - Returns: A row for each α and set, α after α; the method is `wise-ft`.
  public func rows(on sets: [Dataset]) throws -> [ResultRow] {
    let preprocessing = try StudyMaterials.preprocessing(of: to)
    let evaluator = Evaluator(
      preprocessing: preprocessing, batchSize: batchSize, context: context)
    var found = alphas.map { _ in [ResultRow]() }
    for set in sets {
      let naming = try ClassNaming(classesFile, original: set.classes)
      let named = naming.applied(to: set)
      let classes = to.head?.classes ?? naming.headClasses ?? named.classes
      let target = try EvaluationSet(named, role: role, classes: classes)
      try context.report(
        .stage("Scoring \(alphas.count) points on \(set.name): \(set.samples.count) images"))
      let points = try points(classes)
      let answers = try evaluator.predictions(of: points.candidates, on: target)
      for (index, answer) in answers.enumerated() {
        let row = ResultRow(
          method: WiSEFT.name, setting: ["alpha": .number(alphas[index])], seed: 0,
          set: target.name, role: role, metric: "top1", value: answer.top1, n: answer.count,
          ci95: answer.interval, recipe: SHA256.name(of: Data(preprocessing.digest.utf8)),
          weights: try points.digest(index), skipped: context.skipBad ? answer.skipped : nil)
        found[index].append(row)
        try context.report(.measured(row))
      }
    }
    return found.flatMap { $0 }
  }

  /// The candidates of all α, and the digest of each one's weights.
  private func points(
    _ classes: [String]
  ) throws -> (candidates: [Evaluator.Candidate], digest: (Int) throws -> String) {
    if let first = from.head, let last = to.head {
      let path = try InterpolationPath(
        from: ImageClassifier(from, fitting: first, device: context.device),
        to: ImageClassifier(to, fitting: last, device: context.device))
      return (
        path.candidates(alphas),
        { index in try path.point(alphas[index]).weights.digest() }
      )
    }
    // Without heads the text towers are interpolated too, and each point has its own zero-shot head.
    let classifiers = try alphas.map { alpha in
      let point = try Checkpoint.interpolated(from: from, to: to, alpha: alpha)
      let head = try StudyMaterials.zeroShotHead(point, classes, prompts, context)
      return try ImageClassifier(point, fitting: head, device: context.device)
    }
    return (
      classifiers.map { Evaluator.Candidate($0) },
      { index in try classifiers[index].weights.digest() }
    )
  }
}
