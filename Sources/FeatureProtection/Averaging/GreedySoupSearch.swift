import Basics
import Benchmarks
import CLIP

/// The greedy soup of whole checkpoints, chosen by their scores on data sets.
///
/// Wortsman et al. 2022, "Model soups", arXiv 2203.05482, recipe 1. The score is that of a set's first
/// metric, the mean over several sets. The sets should not be those that the soup is reported on.
public struct GreedySoupSearch {
  /// A soup with what chose it.
  public struct Result {
    public var checkpoint: Checkpoint
    /// The positions of those that joined, in the order in which they did.
    public var members: [Int]
    /// The score of each model by itself.
    public var scores: [Double]
    /// The soup's own score.
    public var score: Double
  }

  private let models: [Checkpoint]
  /// A file of class names, as `--classes` takes it.
  public var classesFile: String?
  /// A file, or the name of a built-in list; nil takes each checkpoint's own prompts.
  public var prompts: String?
  /// Images at once; the default is 128.
  public var batchSize: Int
  /// In place of each data set's own.
  public var metrics: [DatasetMetric]?
  /// Whether some images are scored zero-shot first, where no model has a head; see `ZeroShotCheck`.
  public var checksData: Bool
  public var context: RunContext

  /// - Throws: `HoldfastError` where the models do not fit; those without a head get the zero-shot head
  ///   for the others' classes.
  public init(
    _ models: [Checkpoint], classesFile: String? = nil, prompts: String? = nil,
    batchSize: Int = 128, metrics: [DatasetMetric]? = nil, checksData: Bool = true,
    context: RunContext
  ) throws {
    self.models = try Checkpoint.withHeads(models, prompts: prompts, context)
    self.classesFile = classesFile
    self.prompts = prompts
    self.batchSize = batchSize
    self.metrics = metrics
    self.checksData = checksData
    self.context = context
  }

  /// Scores the models, then their means as they join.
  ///
  /// - Throws: `HoldfastError` of kind `usage` without a data set, `badData` where models or classes do
  ///   not fit.
  public func soup(on sets: [Dataset]) throws -> Result {
    guard !sets.isEmpty, let first = models.first else {
      throw HoldfastError.usage(
        "a greedy soup without validation images", remedy: "Name a data set with --data.")
    }
    try Checkpoint.requireAlike(models)
    let preprocessing = try StudyMaterials.preprocessing(of: first)
    let evaluator = Evaluator(
      preprocessing: preprocessing, batchSize: batchSize, context: context)
    let targets = try sets.map { try target($0) }
    if checksData, first.head == nil {
      let check = ZeroShotCheck(
        preprocessing: preprocessing, batchSize: batchSize, context: context)
      for target in targets { try check(target.set, classifier(first, target.classes)) }
    }
    func score(_ checkpoint: Checkpoint) throws -> Double {
      var known: ImageClassifier?
      let values = try targets.map { target in
        // Sets over one list of classes share a head.
        let classifier =
          if let known, known.classes == target.classes { known } else {
            try self.classifier(checkpoint, target.classes)
          }
        known = classifier
        return try target.set.score(evaluator.predictions(of: classifier, on: target.set))
      }
      return values.reduce(0, +) / Double(values.count)
    }
    var scores: [Double] = []
    for (index, model) in models.enumerated() {
      try context.report(.stage("Scoring \(model.folder), \(index + 1) of \(models.count)"))
      scores.append(try score(model))
    }
    try context.report(.stage("Adding models to the soup"))
    let kitchen = SoupKitchen(
      ingredients: models, mean: { try Checkpoint.uniformSoup($0) }, accuracy: score)
    let best = try kitchen.greedy(validation: scores)
    return Result(
      checkpoint: best.model, members: best.members, scores: scores, score: best.accuracy)
  }

  /// A checkpoint with its own head, or the zero-shot head for some classes.
  private func classifier(
    _ checkpoint: Checkpoint, _ classes: [String]
  ) throws -> ImageClassifier {
    let head =
      try checkpoint.head ?? StudyMaterials.zeroShotHead(checkpoint, classes, prompts, context)
    return try ImageClassifier(checkpoint, head: head, device: context.device)
  }

  /// A data set with the classes of the head that it is scored with.
  private func target(_ dataset: Dataset) throws -> (set: EvaluationSet, classes: [String]) {
    try ClassNaming(classesFile, original: dataset.headClasses)
      .target(
        dataset, role: .validation, headClasses: models.first?.head?.classes, metrics: metrics)
  }
}
