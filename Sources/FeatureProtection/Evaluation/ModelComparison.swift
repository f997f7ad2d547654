import Basics
import Benchmarks
import CLIP
import Foundation
import Images

/// Scores several models on several data sets; models with the same preprocessing share one pass
/// over the images.
public struct ModelComparison {
  /// A model under test.
  public struct Model: Sendable {
    /// What its rows are called.
    public var name: String
    public var checkpoint: Checkpoint
    /// Where the checkpoint was read from, as it is; nil for one that was changed or made.
    public var location: String?

    public init(name: String, checkpoint: Checkpoint, location: String? = nil) {
      self.name = name
      self.checkpoint = checkpoint
      self.location = location
    }
  }

  public var models: [Model]
  /// A head for every model, in place of its own.
  public var head: ClassificationHead?
  /// A file of class names, as `--classes` takes it.
  public var classesFile: String?
  /// A file, or the name of a built-in list; nil takes each model's own prompts.
  public var prompts: String?
  /// What the sets are to the models.
  public var role: ResultRow.Role
  /// Images at once; the default is 128.
  public var batchSize: Int
  /// In place of each data set's own.
  public var metrics: [DatasetMetric]?
  /// Whether some images are scored first, for models with a zero-shot head; see `ZeroShotCheck`.
  public var checksData: Bool
  public var context: RunContext

  public init(
    _ models: [Model], head: ClassificationHead? = nil, classesFile: String? = nil,
    prompts: String? = nil, role: ResultRow.Role = .inDistribution, batchSize: Int = 128,
    metrics: [DatasetMetric]? = nil, checksData: Bool = true, context: RunContext
  ) {
    self.models = models
    self.head = head
    self.classesFile = classesFile
    self.prompts = prompts
    self.role = role
    self.batchSize = batchSize
    self.metrics = metrics
    self.checksData = checksData
    self.context = context
  }

  /// Reads models from their locations; each is called by its folder's name, by the whole location
  /// where two folders have one name.
  ///
  /// - Parameter adapter: The folder of an adapter to merge into the model, of which there must be
  ///   one.
  public static func read(
    _ locations: [String], adapter: String? = nil
  ) throws(HoldfastError) -> [Model] {
    guard adapter == nil || locations.count == 1 else {
      throw .usage(
        "an adapter for \(locations.count) models",
        remedy: "Give one model, or name the adapters' own folders as models.")
    }
    func short(_ location: String) -> String {
      location.hasPrefix("builtin:") ? location : (location as NSString).lastPathComponent
    }
    let names = locations.map(short)
    var models: [Model] = []
    for (location, name) in zip(locations, names) {
      let isUnique = names.count { $0 == name } == 1
      models.append(
        Model(
          name: isUnique ? name : location,
          checkpoint: try ModelLocation.read(location, adapter: adapter),
          location: adapter == nil ? location : nil))
    }
    return models
  }

  /// Scores every model on every set.
  ///
  /// A model is scored with `head`, else with its own head, else with the zero-shot head for the
  /// classes of each set; sets over one list of classes share that head.
  /// - Returns: One row for each model, set and metric, model after model.
  public func rows(on sets: [Dataset]) throws -> [ResultRow] {
    let preprocessings = try models.map { try StudyMaterials.preprocessing(of: $0.checkpoint) }
    let groups = try groups(of: sets, preprocessings)
    var classifiers = ClassifierCache(models.map(\.checkpoint), context)
    if checksData {
      for group in groups {
        for (index, head) in group.members where isZeroShot(models[index]) {
          let check = ZeroShotCheck(
            preprocessing: preprocessings[index], batchSize: batchSize, context: context)
          try check(group.set, classifiers.classifier(index, head).classifier)
        }
      }
    }
    let store = PixelStore()
    var found = models.map { _ in [ResultRow]() }
    func add(_ rows: [ResultRow], to index: Int) throws {
      found[index] += rows
      for row in rows { try context.report(.measured(row)) }
    }
    for group in groups {
      guard let first = group.members.first else { continue }
      try context.report(.stage("Scoring \(group.set.summary)"))
      let evaluator = Evaluator(
        preprocessing: preprocessings[first.index], batchSize: batchSize, store: store,
        context: context)
      let made = try group.members.map { try classifiers.classifier($0.index, $0.head) }
      let answers = try evaluator.predictions(
        of: made.map { Evaluator.Candidate($0.classifier) }, on: group.set)
      for ((member, answer), entry) in zip(zip(group.members, answers), made) {
        let rows = group.set.rows(
          answer, method: models[member.index].name,
          recipe: recipe(preprocessings[member.index]), weights: entry.digest,
          countsSkipped: context.skipBad)
        try add(rows, to: member.index)
      }
    }
    for index in found.indices {
      try add(CorruptionError.rows(of: found[index], on: groups.map(\.set)), to: index)
    }
    return found.flatMap { $0 }
  }

  private func isZeroShot(_ model: Model) -> Bool {
    head == nil && model.checkpoint.head == nil
  }

  /// Models that can share a pass over the images of a set: of one preprocessing and head classes.
  private struct Group {
    var key: [String]
    var set: EvaluationSet
    var members: [(index: Int, head: ClassificationHead)]
  }

  /// The groups of each set, set after set.
  private func groups(
    of sets: [Dataset], _ preprocessings: [Preprocessing]
  ) throws -> [Group] {
    var zeroShot: [[String]: ClassificationHead] = [:]
    return try sets.flatMap { set in
      let naming = try ClassNaming(classesFile, original: set.headClasses)
      let named = naming.applied(to: set)
      var groups: [Group] = []
      for (index, model) in models.enumerated() {
        let head: ClassificationHead
        if let given = self.head ?? model.checkpoint.head {
          head = given
        } else {
          let classes = naming.headClasses ?? named.headClasses
          let key = ["\(index)"] + classes
          head =
            try zeroShot[key]
            ?? StudyMaterials.zeroShotHead(model.checkpoint, classes, prompts, context)
          zeroShot[key] = head
        }
        let key = [preprocessings[index].digest] + head.classes
        if let place = groups.firstIndex(where: { $0.key == key }) {
          groups[place].members.append((index, head))
        } else {
          let target = try EvaluationSet(
            named, role: role, classes: head.classes, metrics: metrics)
          groups.append(Group(key: key, set: target, members: [(index, head)]))
        }
      }
      return groups
    }
  }

  /// The digest of what decides the numbers, apart from weights and images.
  private func recipe(_ preprocessing: Preprocessing) -> String {
    let parts = [preprocessing.digest, prompts ?? "own prompts", "\(context.precision)"]
    return SHA256.name(of: Data(parts.joined(separator: "\n").utf8))
  }
}

/// The last classifier of each model, kept because most sets share a head.
private struct ClassifierCache {
  private let checkpoints: [Checkpoint]
  private let context: RunContext
  private var entries: [Int: (classifier: ImageClassifier, digest: String)] = [:]

  init(_ checkpoints: [Checkpoint], _ context: RunContext) {
    self.checkpoints = checkpoints
    self.context = context
  }

  /// A model with a head, and the digest of both; heads of a model differ only in their classes.
  mutating func classifier(
    _ index: Int, _ head: ClassificationHead
  ) throws -> (classifier: ImageClassifier, digest: String) {
    if let known = entries[index], known.classifier.classes == head.classes { return known }
    let classifier = try ImageClassifier(
      checkpoints[index], head: head, device: context.device)
    let entry = (classifier, try classifier.weights.digest())
    entries[index] = entry
    return entry
  }
}
