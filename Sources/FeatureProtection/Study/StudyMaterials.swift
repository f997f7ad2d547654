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
    checkpoint = try context.timing(.reading) { () throws(HoldfastError) in
      try ModelLocation.read(configuration.model)
    }
    for note in checkpoint.notes { try context.report(.note("\(configuration.model): \(note)")) }
    preprocessing = try Self.preprocessing(of: checkpoint)

    let source = configuration.trainData
    guard !source.isEmpty else {
      throw HoldfastError.usage(
        "no training data is named", remedy: "Set data.train, or give --data.")
    }
    let reader = DatasetReader(allowsMissing: configuration.allowsMissing, context)
    let metrics = try configuration.metrics
    var train = try reader.single(source, for: .training)
    let names = try ClassNaming(configuration.classesFile, original: train.headClasses)
    train = names.applied(to: train)
    let head = try Self.head(configuration, checkpoint, train.headClasses, context)
    reference = try ImageClassifier(checkpoint, head: head, device: context.device)

    var sets: [EvaluationSet] = []
    let validation: Dataset?
    if let named = configuration.validationData {
      validation = try names.applied(to: reader.single(named, for: .validation, .evaluation))
    } else if let own = try reader.ownValidation(of: source) {
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
          name: "\(validation.name)#\(validation.split)", metrics: metrics))
    }
    var ownHeads: [[String]: ClassificationHead] = [:]
    for role in [ResultRow.Role.inDistribution, .outOfDistribution, .general] {
      for text in configuration.evaluationData(role) {
        for dataset in try reader.all(text, for: .evaluation) {
          var set: EvaluationSet
          if role == .general {
            let classes = dataset.headClasses
            let own =
              try ownHeads[classes]
              ?? Self.zeroShotHead(checkpoint, classes, configuration.prompts, context)
            ownHeads[classes] = own
            set = try EvaluationSet(dataset, role: role, ownHead: own, metrics: metrics)
          } else {
            set = try EvaluationSet(
              names.applied(to: dataset), role: role, classes: head.classes, metrics: metrics)
          }
          // Two folders of one name must not become one set in the results.
          if sets.contains(where: { $0.role == role && $0.name == set.name }) { set.name = text }
          sets.append(set)
        }
      }
    }
    trainingSet = TrainingSet(
      try train.labelled(for: head.classes), preprocessing: preprocessing)
    evaluationSets = sets
    try context.report(.stage("Training on \(train.summary)"))
    for set in sets { try context.report(.stage("Measuring on \(set.summary)")) }
    if configuration.checksData, configuration.head == "zero-shot" {
      try check(train, batchSize: configuration.evaluationBatchSize, context)
    }
  }

  /// Scores a few images of each set zero-shot.
  private func check(_ train: Dataset, batchSize: Int, _ context: RunContext) throws {
    let check = ZeroShotCheck(
      preprocessing: preprocessing, batchSize: batchSize, context: context)
    var sets = evaluationSets
    if !train.samples.isEmpty {
      sets.insert(
        try EvaluationSet(
          train, role: .inDistribution, classes: reference.classes,
          name: "\(train.name)#\(train.split)", metrics: [.top1]), at: 0)
    }
    for set in sets { try check(set, reference) }
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
    return try context.timing(.text) { () throws(HoldfastError) in
      try .zeroShot(checkpoint, classes: classes, prompts: set.prompts(for:)) {
        (done, total) throws(HoldfastError) in
        try context.stop.check()
        try? context.report(.progress("Encoding prompts", done: done, total: total, loss: nil))
      }
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
        "\(configuration.head): the head's classes are not the data's "
          + ClassNames.difference(head.classes, classes),
        remedy: "Use the head that was trained for these classes, or head=zero-shot.")
    }
    return head
  }
}
