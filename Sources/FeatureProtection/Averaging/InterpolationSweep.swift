import Basics
import Benchmarks
import CLIP
import Foundation
import Torch

/// The WiSE-FT curve between two checkpoints: the metrics at each α, in one pass over the images.
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
  /// In place of each data set's own.
  public var metrics: [DatasetMetric]?
  /// Whether some images are scored zero-shot first, where `from` has no head; see `ZeroShotCheck`.
  public var checksData: Bool
  public var context: RunContext
  private let startsZeroShot: Bool

  /// - Throws: `HoldfastError` where the two do not fit; a checkpoint without a head gets the
  ///   zero-shot head for the other's classes.
  public init(
    from: Checkpoint, to: Checkpoint, alphas: [Double], classesFile: String? = nil,
    prompts: String? = nil, role: ResultRow.Role = .inDistribution, batchSize: Int = 128,
    metrics: [DatasetMetric]? = nil, checksData: Bool = true, context: RunContext
  ) throws {
    let complete = try Checkpoint.withHeads([from, to], prompts: prompts, context)
    self.from = complete[0]
    self.to = complete[1]
    self.alphas = alphas
    self.classesFile = classesFile
    self.prompts = prompts
    self.role = role
    self.batchSize = batchSize
    self.metrics = metrics
    self.checksData = checksData
    self.context = context
    startsZeroShot = from.head == nil
  }

  /// Scores every point on every set.
  ///
  /// - Returns: A row for each α, set and metric, α after α; the method is `wise-ft`.
  public func rows(on sets: [Dataset]) throws -> [ResultRow] {
    let preprocessing = try StudyMaterials.preprocessing(of: to)
    let evaluator = Evaluator(
      preprocessing: preprocessing, batchSize: batchSize, context: context)
    let check = ZeroShotCheck(
      preprocessing: preprocessing, batchSize: batchSize, context: context)
    let recipe = SHA256.name(of: Data(preprocessing.digest.utf8))
    let targets = try sets.map { try target($0) }
    var points: Points?
    if checksData, startsZeroShot {
      for (target, classes) in targets {
        let made = try self.points(classes, known: points)
        points = made
        try check(target, made.start)
      }
    }
    var found = alphas.map { _ in [ResultRow]() }
    for (target, classes) in targets {
      try context.report(.stage("Scoring \(alphas.count) points on \(target.summary)"))
      let made = try self.points(classes, known: points)
      points = made
      let answers = try evaluator.predictions(of: made.candidates, on: target)
      for (index, answer) in answers.enumerated() {
        let rows = target.rows(
          answer, method: WiSEFT.name, setting: ["alpha": .number(alphas[index])], recipe: recipe,
          weights: made.digests[index], countsSkipped: context.skipBad)
        found[index] += rows
        for row in rows { try context.report(.measured(row)) }
      }
    }
    for index in found.indices {
      let means = CorruptionError.rows(of: found[index], on: targets.map(\.set))
      found[index] += means
      for row in means { try context.report(.measured(row)) }
    }
    return found.flatMap { $0 }
  }

  /// A data set with the classes of the head that it is scored with.
  private func target(
    _ dataset: Dataset
  ) throws(HoldfastError) -> (set: EvaluationSet, classes: [String]) {
    try ClassNaming(classesFile, original: dataset.headClasses)
      .target(dataset, role: role, headClasses: to.head?.classes, metrics: metrics)
  }

  /// The classifiers of all α for some classes.
  private struct Points {
    var classes: [String]
    /// The classifier at α = 0.
    var start: ImageClassifier
    var candidates: [Evaluator.Candidate]
    /// The digest of the weights at each α, taken once for all sets.
    var digests: [String]
  }

  /// The classifiers for some classes; those that are known where they are for the same.
  private func points(_ classes: [String], known: Points?) throws -> Points {
    if let known, known.classes == classes { return known }
    if let first = from.head, let last = to.head {
      let path = try InterpolationPath(
        from: ImageClassifier(from, head: first, device: context.device),
        to: ImageClassifier(to, head: last, device: context.device))
      let scored = try path.namedCandidates(alphas)
      return Points(
        classes: classes, start: path.from, candidates: scored.map(\.candidate),
        digests: scored.map(\.digest))
    }
    // Without heads the text towers are interpolated too, and each point has its own zero-shot head.
    func classifier(_ point: Checkpoint) throws -> ImageClassifier {
      let head = try StudyMaterials.zeroShotHead(point, classes, prompts, context)
      return try ImageClassifier(point, head: head, device: context.device)
    }
    let classifiers = try alphas.map { alpha in
      try classifier(Checkpoint.interpolated(from: from, to: to, alpha: alpha))
    }
    let start = try alphas.firstIndex(of: 0).map { classifiers[$0] } ?? classifier(from)
    return Points(
      classes: classes, start: start, candidates: classifiers.map { Evaluator.Candidate($0) },
      digests: try classifiers.map { try $0.weights.digest() })
  }
}
