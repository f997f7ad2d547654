import Basics
import Benchmarks
import CLIP
import Foundation
import Images
import Torch

/// Scores several models on several data sets; models with the same preprocessing share one pass
/// over the images.
public struct ModelComparison {
  /// A model under test.
  public struct Model: Sendable {
    /// What its rows are called.
    public var name: String
    public var checkpoint: Checkpoint

    public init(name: String, checkpoint: Checkpoint) {
      self.name = name
      self.checkpoint = checkpoint
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
  public var context: RunContext

  public init(
    _ models: [Model], head: ClassificationHead? = nil, classesFile: String? = nil,
    prompts: String? = nil, role: ResultRow.Role = .inDistribution, batchSize: Int = 128,
    context: RunContext
  ) {
    self.models = models
    self.head = head
    self.classesFile = classesFile
    self.prompts = prompts
    self.role = role
    self.batchSize = batchSize
    self.context = context
  }

  /// Reads models from their locations; each is called by its folder's name, by the whole location
  /// where two folders have one name.
  public static func read(_ locations: [String]) throws(HoldfastError) -> [Model] {
    func short(_ location: String) -> String {
      location.hasPrefix("builtin:") ? location : (location as NSString).lastPathComponent
    }
    let names = locations.map(short)
    var models: [Model] = []
    for (location, name) in zip(locations, names) {
      let isUnique = names.count { $0 == name } == 1
      models.append(
        Model(name: isUnique ? name : location, checkpoint: try ModelLocation.read(location)))
    }
    return models
  }

  /// Scores every model on every set.
  ///
  /// A model is scored with `head`, else with its own head, else with the zero-shot head for the
  /// classes of each set.
  /// - Returns: One row for each model and set, model after model.
  public func rows(on sets: [Dataset]) throws -> [ResultRow] {
    let store = PixelStore()
    let preprocessings = try models.map { try StudyMaterials.preprocessing(of: $0.checkpoint) }
    var found = models.map { _ in [ResultRow]() }
    var zeroShot: [String: ClassificationHead] = [:]
    for set in sets {
      let naming = try ClassNaming(classesFile, original: set.classes)
      let named = naming.applied(to: set)
      var groups: [(key: [String], members: [(index: Int, head: ClassificationHead)])] = []
      for (index, model) in models.enumerated() {
        let head: ClassificationHead
        if let given = self.head ?? model.checkpoint.head {
          head = given
        } else {
          let classes = naming.headClasses ?? named.classes
          let key = (["\(index)"] + classes).joined(separator: "\u{0}")
          head =
            try zeroShot[key]
            ?? StudyMaterials.zeroShotHead(model.checkpoint, classes, prompts, context)
          zeroShot[key] = head
        }
        let key = [preprocessings[index].digest] + head.classes
        if let place = groups.firstIndex(where: { $0.key == key }) {
          groups[place].members.append((index, head))
        } else {
          groups.append((key, [(index, head)]))
        }
      }
      try context.report(.stage("Scoring \(set.name): \(set.samples.count) images"))
      for group in groups {
        guard let first = group.members.first else { continue }
        let target = try EvaluationSet(named, role: role, classes: first.head.classes)
        var digests: [String] = []
        var classifiers: [ImageClassifier] = []
        for (index, head) in group.members {
          let classifier = try ImageClassifier(
            models[index].checkpoint, fitting: head, device: context.device)
          digests.append(try classifier.weights.digest())
          classifiers.append(classifier)
        }
        let evaluator = Evaluator(
          preprocessing: preprocessings[first.index], batchSize: batchSize, store: store,
          context: context)
        let answers = try evaluator.predictions(
          of: classifiers.map { Evaluator.Candidate($0) }, on: target)
        for ((member, answer), digest) in zip(zip(group.members, answers), digests) {
          let row = ResultRow(
            method: models[member.index].name, seed: 0, set: target.name, role: role,
            metric: "top1", value: answer.top1, n: answer.count, ci95: answer.interval,
            recipe: recipe(preprocessings[member.index]), weights: digest,
            skipped: context.skipBad ? answer.skipped : nil)
          found[member.index].append(row)
          try context.report(.measured(row))
        }
      }
    }
    return found.flatMap { $0 }
  }

  /// The digest of what decides the numbers, apart from weights and images.
  private func recipe(_ preprocessing: Preprocessing) -> String {
    let parts = [preprocessing.digest, prompts ?? "own prompts", "\(context.precision)"]
    return SHA256.name(of: Data(parts.joined(separator: "\n").utf8))
  }
}

extension ImageClassifier {
  /// The vision tower of a checkpoint with a head from elsewhere, whose width is checked.
  ///
  /// - Throws: `HoldfastError` of kind `badData` where the head is of another width.
  init(
    _ checkpoint: Checkpoint, fitting head: ClassificationHead, device: Device
  ) throws(HoldfastError) {
    let width = checkpoint.architecture.projectionWidth
    guard head.weight.shape == [head.classes.count, width] else {
      throw .badData(
        "\(checkpoint.folder): a head of width \(head.weight.shape.last ?? 0) does not fit features "
          + "of width \(width)", remedy: "Use the head that was trained for this model.")
    }
    try self.init(checkpoint, head: head, device: device)
  }
}
