import Basics
import CLIP
import Images
import Torch

/// Features of images and texts: what a model's towers give, not normalised.
public struct FeatureExtractor {
  public let checkpoint: Checkpoint
  /// Images or texts at once; the default is 128.
  public var batchSize: Int
  public var context: RunContext
  private let weights: Weights
  private let preprocessing: Preprocessing

  public init(
    _ checkpoint: Checkpoint, batchSize: Int = 128, context: RunContext
  ) throws(HoldfastError) {
    self.checkpoint = checkpoint
    self.batchSize = max(batchSize, 1)
    self.context = context
    preprocessing = try StudyMaterials.preprocessing(of: checkpoint)
    weights =
      context.device == .cpu ? checkpoint.weights : try checkpoint.weights.to(context.device)
  }

  /// The features of image files, `[images, width]` on the CPU.
  ///
  /// - Returns: The features, and the paths they belong to: all of them, unless `skipBad` left out
  ///   what does not decode.
  public func images(
    _ paths: [String], _ features: HeadFeatures = .projected
  ) throws -> (features: Tensor, paths: [String], skipped: [PixelBatch.Skipped]) {
    let loader = ImageLoader(
      items: paths.map { LoadItem(path: $0) }, preprocessing: preprocessing, batchSize: batchSize,
      threads: context.loaderThreads, skipBad: context.skipBad)
    let normalizer = try PixelNormalizer(preprocessing, device: context.device)
    let tower = try VisionTower(checkpoint.architecture, weights)
    var parts: [Tensor] = []
    var kept: [String] = []
    var skipped: [PixelBatch.Skipped] = []
    while let batch = try loader.next() {
      try context.stop.check()
      skipped += batch.skipped
      guard batch.count > 0 else { continue }
      parts.append(
        try computed { () throws(HoldfastError) in try tower(normalizer(batch), features) })
      kept += batch.positions.map { paths[$0] }
      try context.report(
        .progress("Encoding images", done: kept.count, total: paths.count, loss: nil))
    }
    return (try joined(parts, features), kept, skipped)
  }

  /// The features of texts, `[texts, width]` on the CPU.
  ///
  /// - Returns: The features, and which texts were longer than the context and lost their tails.
  public func texts(_ texts: [String]) throws -> (features: Tensor, shortened: [Int]) {
    let tokens = try checkpoint.tokenizer()
      .encode(texts, contextLength: checkpoint.architecture.contextLength)
    let rows = (0..<tokens.count).map { Array(tokens[$0].prefix(tokens.endPositions[$0] + 1)) }
    let tower = try TextTower(checkpoint.architecture, weights)
    var parts: [Tensor] = []
    var start = 0
    while start < rows.count {
      try context.stop.check()
      let batch = Array(rows[start..<min(start + batchSize, rows.count)])
      parts.append(try computed { () throws(HoldfastError) in try tower(batch) })
      start += batch.count
      try context.report(.progress("Encoding texts", done: start, total: rows.count, loss: nil))
    }
    return (try joined(parts), tokens.shortened)
  }

  private func computed(
    _ body: () throws(HoldfastError) -> Tensor
  ) throws(HoldfastError) -> Tensor {
    try context.evaluating(body).to(.float32).to(.cpu)
  }

  private func joined(
    _ parts: [Tensor], _ features: HeadFeatures = .projected
  ) throws(HoldfastError) -> Tensor {
    guard !parts.isEmpty else {
      return try Tensor.zeros([0, checkpoint.architecture.width(of: features)])
    }
    return try Tensor.concatenated(parts)
  }
}
