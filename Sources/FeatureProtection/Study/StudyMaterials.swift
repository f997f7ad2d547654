import Basics
import Benchmarks
import CLIP
import Images
import Torch

/// What a comparison works on, read and checked before anything is computed: the model with its
/// head, the images to train on, and the sets to score.
public struct StudyMaterials: Sendable {
  public var checkpoint: Checkpoint
  /// θ₀: the vision tower with the head that training starts from.
  public var reference: ImageClassifier
  public var trainingSet: TrainingSet
  /// In the order of the configuration; the validation set, where there is one, comes first.
  public var evaluationSets: [EvaluationSet]
  public var preprocessing: Preprocessing

  /// Reads everything a configuration names.
  ///
  /// - Throws: `HoldfastError` for whatever is missing or does not fit.
  public init(_ configuration: StudyConfiguration, _ context: RunContext) throws {
    try context.report(.stage("Reading \(configuration.model)"))
    checkpoint = try ModelLocation.read(configuration.model)
    preprocessing = try Self.preprocessing(of: checkpoint)

    let source = configuration.trainData
    guard !source.isEmpty else {
      throw HoldfastError.usage(
        "no training data is named", remedy: "Set data.train, or give --data.")
    }
    let render: @Sendable (Int, Int) -> Void = { done, total in
      try? context.report(
        .progress("Preparing the images", done: done, total: total, loss: nil))
    }
    var train = try Self.single(source, for: .training, progress: render)
    let names = try ClassNaming(configuration.classesFile, original: train.classes)
    train = names.applied(to: train)
    let head = try Self.head(configuration, checkpoint, train.classes, context)
    reference = try ImageClassifier(checkpoint, head: head, device: context.device)

    var sets: [EvaluationSet] = []
    let validation: Dataset?
    if let named = configuration.validationData {
      validation = try names.applied(
        to: Self.single(named, for: .validation, .evaluation, progress: render))
    } else if let own = try Self.ownValidation(of: source) {
      validation = names.applied(to: own)
    } else {
      let parts = train.holdingOut(configuration.validationFraction)
      train = parts.rest
      validation = parts.heldOut
    }
    if let validation, !validation.samples.isEmpty {
      sets.append(
        try EvaluationSet(
          validation, role: .validation, classes: head.classes,
          name: "\(validation.name)#\(validation.split)"))
    }
    for role in [ResultRow.Role.inDistribution, .outOfDistribution, .general] {
      for text in configuration.evaluationData(role) {
        for dataset in try DatasetSpecifier.parse(text).open(for: .evaluation, progress: render) {
          var set: EvaluationSet
          if role == .general {
            let own = try Self.zeroShotHead(
              checkpoint, dataset.classes, configuration.prompts, context)
            set = try EvaluationSet(dataset, role: role, ownHead: own)
          } else {
            set = try EvaluationSet(names.applied(to: dataset), role: role, classes: head.classes)
          }
          // Two folders of one name must not become one set in the results.
          if sets.contains(where: { $0.role == role && $0.name == set.name }) { set.name = text }
          sets.append(set)
        }
      }
    }
    trainingSet = TrainingSet(train, preprocessing: preprocessing)
    evaluationSets = sets
  }

  /// The preprocessing a checkpoint asks for, or CLIP's for its image size.
  public static func preprocessing(
    of checkpoint: Checkpoint
  ) throws(HoldfastError) -> Preprocessing {
    let configuration = try checkpoint.preprocessorConfiguration()
    let size = checkpoint.architecture.imageSize
    guard case .object(let members) = configuration, !members.isEmpty else {
      return Preprocessing(imageSize: size)
    }
    let preprocessing = try Preprocessing(
      preprocessorConfiguration: configuration,
      source: "\(checkpoint.folder)/preprocessor_config.json")
    guard preprocessing.cropSize == size else {
      throw .badData(
        "\(checkpoint.folder)/preprocessor_config.json: crops to \(preprocessing.cropSize) pixels, "
          + "config.json says \(size)", remedy: "Make the two files agree.")
    }
    return preprocessing
  }

  /// The prompts of a name in a configuration: a built-in list, a file, the checkpoint's own
  /// `prompts.txt`, or the 80 of the CLIP release.
  public static func prompts(
    _ name: String?, for checkpoint: Checkpoint
  ) throws(HoldfastError) -> PromptSet {
    switch name {
    case "openai-80"?: return .openAI80
    case "openai-7"?: return .openAI7
    case "simple"?: return .simple
    case let path?: return try PromptSet(file: path)
    case nil: return try ModelLocation.ownPrompts(of: checkpoint) ?? .openAI80
    }
  }

  /// A head from prompts for some classes.
  public static func zeroShotHead(
    _ checkpoint: Checkpoint, _ classes: [String], _ prompts: String?, _ context: RunContext
  ) throws -> ClassificationHead {
    let set = try Self.prompts(prompts, for: checkpoint)
    try context.report(
      .stage("Encoding \(set.templates.count) prompts for each of \(classes.count) classes"))
    return try .zeroShot(checkpoint, classes: classes, prompts: set.prompts(for:)) {
      (done, total) throws(HoldfastError) in
      try context.stop.check()
      try? context.report(.progress("Encoding prompts", done: done, total: total, loss: nil))
    }
  }

  private static func head(
    _ configuration: StudyConfiguration, _ checkpoint: Checkpoint, _ classes: [String],
    _ context: RunContext
  ) throws -> ClassificationHead {
    guard configuration.head != "zero-shot" else {
      return try zeroShotHead(checkpoint, classes, configuration.prompts, context)
    }
    let head = try ClassificationHead.read(configuration.head)
    guard head.classes == classes else {
      throw HoldfastError.badData(
        "\(configuration.head): the head has \(head.classes.count) classes, the data "
          + "\(classes.count), or their names differ",
        remedy: "Use the head that was trained for these classes, or head=zero-shot.")
    }
    return head
  }

  /// The validation split beside the images to train on, or nil.
  private static func ownValidation(of source: String) throws(HoldfastError) -> Dataset? {
    var specifier = try DatasetSpecifier.parse(source)
    // Whoever trains on another split than "train" may be training on that very split.
    guard specifier.split == nil || specifier.split == "train" else { return nil }
    specifier.split = nil
    return try specifier.open(for: .validation).first
  }

  /// The one data set of a name, opened for the first of the purposes that it serves.
  private static func single(
    _ text: String, for purposes: DatasetPurpose..., progress: @Sendable (Int, Int) -> Void
  ) throws(HoldfastError) -> Dataset {
    let specifier = try DatasetSpecifier.parse(text)
    var found: [Dataset] = []
    for purpose in purposes where found.isEmpty {
      found = try specifier.open(for: purpose, progress: progress)
    }
    guard found.count == 1 else {
      throw .usage(
        "\(text) is \(found.count) data sets where one is needed",
        remedy: "Name one of them, such as \(found.first?.name ?? "folder").")
    }
    return found[0]
  }
}
