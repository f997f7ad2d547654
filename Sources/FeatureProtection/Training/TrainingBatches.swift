import Basics
import Images
import Torch

/// The batches of a training run, epoch after epoch, each loaded ahead of the step that uses it.
final class TrainingBatches {
  /// The images of one step.
  struct Batch: Sendable {
    /// Positions in the training set.
    var positions: [Int]
    /// `[count]`, int64, on the run's device.
    var labels: Tensor
    /// Normalised, `[count, 3, size, size]`; nil where the features of the epoch are stored.
    var pixels: Tensor?
    var epoch: Int

    /// Some of the images, in their order.
    ///
    /// With the last of them the batch lets its pixels go, so that they are in memory no longer than the
    /// graph needs them.
    mutating func takePart(from start: Int, count: Int) throws(HoldfastError) -> Batch {
      var part = self
      if count < positions.count {
        part = Batch(
          positions: Array(positions[start..<start + count]),
          labels: try labels.narrowed(from: start, count: count),
          pixels: try pixels?.narrowed(from: start, count: count), epoch: epoch)
      }
      if start + count == positions.count { pixels = nil }
      return part
    }

    func requirePixels() throws(HoldfastError) -> Tensor {
      guard let pixels else { throw .internalError("a batch was not loaded") }
      return pixels
    }
  }

  private let set: TrainingSet
  private let settings: TrainingSettings
  private let seed: Int
  private let context: RunContext
  private let isStored: ([Int]) -> Bool
  private let normalizer: PixelNormalizer
  private var epoch = -1
  private var order: [Int] = []
  private var start = 0
  private var loader: ImageLoader?

  /// - Parameter isStored: Whether these images need not be loaded, asked at the start of an epoch.
  init(
    _ set: TrainingSet, _ settings: TrainingSettings, seed: Int, _ context: RunContext,
    isStored: @escaping ([Int]) -> Bool
  ) throws(HoldfastError) {
    guard set.count > 0 else {
      throw .badData(
        "\(set.dataset.name): there are no images to train on",
        remedy: "Give a data set with a train split.")
    }
    self.set = set
    self.settings = settings
    self.seed = seed
    self.context = context
    self.isStored = isStored
    normalizer = try PixelNormalizer(set.preprocessing, device: context.device)
  }

  /// The next batch; a new epoch begins where the last one ends, however small its last batch.
  func next() throws(HoldfastError) -> Batch {
    var lost = 0
    while lost < set.count {
      if start >= order.count { beginEpoch() }
      let first = start
      start += min(settings.batchSize, order.count - start)
      var positions = Array(order[first..<start])
      var pixels: Tensor?
      if let loader {
        let loaded = try context.timing(.trainingWait) { () throws(HoldfastError) in
          try loader.next()
        }
        guard let batch = loaded else {
          throw .internalError("the loader ended before its epoch")
        }
        // With `skipBad` a batch may lose some of its images, or all.
        lost += batch.skipped.count
        if batch.count == 0 { continue }
        positions = batch.positions.map { order[$0] }
        pixels = try normalizer(batch)
      }
      let labels = positions.map { Int64(set.dataset.samples[$0].label) }
      return Batch(
        positions: positions, labels: try Tensor(labels).to(context.device),
        pixels: pixels, epoch: epoch)
    }
    throw .badData(
      "\(set.dataset.name): none of its \(set.count) images decodes",
      remedy: "Run holdfast data check on it, and mend or replace the files.")
  }

  private func beginEpoch() {
    epoch += 1
    start = 0
    order = set.order(seed: seed, epoch: epoch, shuffled: settings.isShuffled)
    loader = nil
    if isStored(order) { return }
    let items = order.map { position in
      set.dataset.item(
        of: set.dataset.samples[position],
        key: TrainingSet.viewKey(seed: seed, epoch: epoch, position: position))
    }
    loader = ImageLoader(
      items: items, preprocessing: set.preprocessing, augmentation: settings.augmentation,
      batchSize: settings.batchSize, threads: context.loaderThreads, skipBad: context.skipBad,
      cache: set.cache, ledger: context.ledger)
  }
}
