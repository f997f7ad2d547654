import Basics
import Benchmarks
import CLIP
import Images
import Torch

/// What fine-tuning changed: the distance of two models in their features and in their weights.
///
/// Both see the same pixels; a set is decoded once.
public struct ModelDrift {
  public let reference: Checkpoint
  public let tuned: Checkpoint
  /// Images at once; the default is 128.
  public var batchSize: Int
  public var context: RunContext
  private let preprocessing: Preprocessing
  private let store = PixelStore()

  /// - Throws: `HoldfastError` of kind `badData` where the two are not one architecture, or see images
  ///   in different ways.
  public init(
    from reference: Checkpoint, to tuned: Checkpoint, batchSize: Int = 128, context: RunContext
  ) throws(HoldfastError) {
    guard reference.architecture == tuned.architecture else {
      throw .badData(
        "\(reference.folder) and \(tuned.folder): not of one architecture",
        remedy: "Compare a model with what was fine-tuned from it.")
    }
    preprocessing = try StudyMaterials.preprocessing(of: tuned)
    guard try StudyMaterials.preprocessing(of: reference).digest == preprocessing.digest else {
      throw .badData(
        "\(reference.folder) and \(tuned.folder): their preprocessing differs, so that they never "
          + "see the same pixels",
        remedy: "Give both the preprocessor_config.json that the images should go through.")
    }
    self.reference = reference
    self.tuned = tuned
    self.batchSize = max(batchSize, 1)
    self.context = context
  }

  /// The drift of the weights, the whole first, then part by part.
  public func weights() throws(HoldfastError) -> [WeightDrift] {
    try WeightDrift.between(reference, tuned)
  }

  /// The drift of the features after the projection on each set, with how many images were left out.
  public func features(
    on sets: [Dataset]
  ) throws -> [(set: String, drift: FeatureDrift, skipped: Int)] {
    let towers = try [reference, tuned].map { model in
      try VisionTower(model.architecture, model.weights.to(context.device))
    }
    let normalizer = try PixelNormalizer(preprocessing, device: context.device)
    return try sets.map { set in
      try context.report(
        .stage("Encoding \(set.samples.count) images of \(set.name) with both models"))
      var sums = FeatureDriftSums()
      var done = 0
      var skipped = 0
      try store.forEachBlock(
        of: set, preprocessing: preprocessing, batchSize: batchSize, context
      ) { block in
        for batch in block {
          try context.stop.check()
          skipped += batch.skipped.count
          guard batch.count > 0 else { continue }
          let features = try towers.map { tower in
            try context.evaluating { () throws(HoldfastError) in try tower(normalizer(batch)) }
          }
          try sums.add(reference: features[0], tuned: features[1])
          done += batch.count
          try context.report(
            .progress("Encoding \(set.name)", done: done, total: set.samples.count, loss: nil))
        }
      }
      guard let drift = try sums.result() else {
        throw HoldfastError.badData(
          "\(set.name): there are no images", remedy: "Check the path and the split.")
      }
      return (set.name, drift, skipped)
    }
  }
}
