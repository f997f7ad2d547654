import Basics
import CLIP
import Images
import Torch

/// What a model says of single images: logits and probabilities of classes.
public struct ImagePredictor {
  /// The answer for one image.
  public struct Answer: Sendable, Hashable {
    public var path: String
    /// The raw logit of each class.
    public var logits: [Float]
    /// Their softmax.
    public var probabilities: [Float]

    /// The positions of the classes from the most probable on; of equal ones the first comes first.
    public var ranking: [Int] {
      logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
    }
  }

  /// The classes, in the order of logits.
  public var classes: [String] { head.classes }
  private let head: ClassificationHead
  private let extractor: FeatureExtractor

  /// A predictor with the model's own head, or with the zero-shot head for some classes.
  ///
  /// - Parameters:
  ///   - classes: Where the model has a head, other names for its classes, as many as it has.
  ///   - prompts: A file, or the name of a built-in list; nil takes the model's own.
  /// - Throws: `HoldfastError` where classes are missing or do not fit the head.
  public init(
    _ checkpoint: Checkpoint, classes: [String]?, prompts: String? = nil, batchSize: Int = 128,
    context: RunContext
  ) throws {
    extractor = try FeatureExtractor(checkpoint, batchSize: batchSize, context: context)
    if var own = checkpoint.head {
      if let classes, Set(classes) != Set(own.classes) {
        guard classes.count == own.classes.count else {
          throw HoldfastError.badData(
            "\(checkpoint.folder): the head has \(own.classes.count) classes, \(classes.count) are "
              + "named", remedy: "Leave --classes away to use the head's own names.")
        }
        own.classes = classes
      }
      head = own
    } else if let classes {
      head = try StudyMaterials.zeroShotHead(checkpoint, classes, prompts, context)
    } else {
      throw HoldfastError.usage(
        "\(checkpoint.folder): the model has no head, so its classes must be named",
        remedy: "Give --classes with a file of one class name a line.")
    }
  }

  /// The answers for image files, in their order.
  public func answers(
    _ paths: [String]
  ) throws -> (answers: [Answer], skipped: [PixelBatch.Skipped]) {
    let (features, kept, skipped) = try extractor.images(paths, head.features)
    guard !kept.isEmpty else { return ([], skipped) }
    let count = classes.count
    let (logits, probabilities) = try withoutGradients { () throws(HoldfastError) in
      let logits = try head(features)
      return try (
        logits.elements(as: Float.self), logits.softmax().elements(as: Float.self)
      )
    }
    let answers = kept.enumerated().map { row, path in
      let range = row * count..<(row + 1) * count
      return Answer(
        path: path, logits: Array(logits[range]), probabilities: Array(probabilities[range]))
    }
    return (answers, skipped)
  }
}
