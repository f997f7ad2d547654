import Basics
import Benchmarks
import Images

/// The preprocessed pixels of evaluation sets, kept in memory so that they are decoded once for
/// all models, interpolation points and seeds.
///
/// Sets beyond the limit are decoded anew each time, block by block.
public final class PixelStore {
  private let byteLimit: Int
  private var byteCount = 0
  private var kept: [Key: [PixelBatch]] = [:]

  /// What decides the pixels of a set and their batches.
  private struct Key: Hashable {
    var items: [LoadItem]
    var preprocessing: Preprocessing
    var batchSize: Int
    var skipBad: Bool
  }

  /// - Parameter byteLimit: The default is 1 GiB.
  public init(byteLimit: Int = 1 << 30) {
    self.byteLimit = byteLimit
  }

  /// Calls a body with blocks of batches that together are the whole set, in its order.
  ///
  /// A block is the whole set where it fits into the store, else a part of a quarter of the limit.
  public func forEachBlock(
    of dataset: Dataset, preprocessing: Preprocessing, batchSize: Int, _ context: RunContext,
    _ body: ([PixelBatch]) throws -> Void
  ) throws {
    let items = dataset.samples.map { dataset.item(of: $0) }
    let key = Key(
      items: items, preprocessing: preprocessing, batchSize: batchSize, skipBad: context.skipBad)
    if let batches = kept[key] { return try body(batches) }
    let loader = ImageLoader(
      items: items, preprocessing: preprocessing, batchSize: batchSize,
      threads: context.loaderThreads, skipBad: context.skipBad)
    let imageBytes = 3 * preprocessing.cropSize * preprocessing.cropSize
    let isKept = items.count * imageBytes <= byteLimit - byteCount
    var block: [PixelBatch] = []
    var blockBytes = 0
    var read = 0
    while let batch = try loader.next() {
      try context.stop.check()
      block.append(batch)
      blockBytes += batch.count * imageBytes
      read += batch.count + batch.skipped.count
      try context.report(
        .progress("Reading \(dataset.name)", done: read, total: items.count, loss: nil))
      if !isKept, blockBytes >= byteLimit / 4 {
        try body(block)
        block = []
        blockBytes = 0
      }
    }
    if isKept {
      kept[key] = block
      byteCount += blockBytes
    }
    if !block.isEmpty { try body(block) }
  }
}
