import Basics
import Benchmarks
import Images

/// The preprocessed pixels of evaluation sets, so that they are decoded once for all models,
/// interpolation points and seeds, and for the next run.
///
/// They are kept in memory up to a limit; sets beyond it are read block by block each time. On disk,
/// a `PixelFolder` keeps those of larger sets, from which they are read without decoding. Where fast
/// paths are off, nothing is kept and every pass decodes.
public final class PixelStore {
  private let byteLimit: Int
  private let folder: () throws(HoldfastError) -> PixelFolder?
  private var byteCount = 0
  private var kept: [Key: [PixelBatch]] = [:]

  /// What decides the pixels of a set and their batches.
  private struct Key: Hashable {
    var images: ImageList
    var preprocessing: Preprocessing
    var batchSize: Int
    var skipBad: Bool
  }

  /// - Parameters:
  ///   - byteLimit: The limit in memory; the default is 1 GiB.
  ///   - folder: Where pixels are kept on disk; nil for nowhere. The default is the folder `pixels`
  ///     of the cache.
  public init(
    byteLimit: Int = 1 << 30,
    folder: @escaping () throws(HoldfastError) -> PixelFolder? = {
      () throws(HoldfastError) in try PixelFolder.standard(cache: MiniDomains.defaultCache)
    }
  ) {
    self.byteLimit = byteLimit
    self.folder = folder
  }

  /// Calls a body with blocks of batches that together are the whole set, in its order.
  ///
  /// A block is the whole set where it fits into memory, else a part of a quarter of the limit.
  public func forEachBlock(
    of dataset: Dataset, preprocessing: Preprocessing, batchSize: Int, _ context: RunContext,
    _ body: ([PixelBatch]) throws -> Void
  ) throws {
    let key = Key(
      images: ImageList(dataset), preprocessing: preprocessing, batchSize: batchSize,
      skipBad: context.skipBad)
    let keeps = FastPaths.areOn
    if keeps, let batches = kept[key] { return try body(batches) }
    let imageBytes = 3 * preprocessing.cropSize * preprocessing.cropSize
    let isKept = keeps && key.images.count * imageBytes <= byteLimit - byteCount
    var block: [PixelBatch] = []
    var blockBytes = 0
    try forEachBatch(key, named: dataset.name, context) { batch in
      try context.stop.check()
      block.append(batch)
      blockBytes += batch.count * imageBytes
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

  /// Reads the batches of a set from disk, or decodes them and leaves them there.
  private func forEachBatch(
    _ key: Key, named name: String, _ context: RunContext, _ body: (PixelBatch) throws -> Void
  ) throws {
    let items = key.images.items
    var writer: PixelFileWriter?
    if FastPaths.areOn, let folder = try folder(), folder.takes(items.count, key.preprocessing) {
      let set = PixelSet(items, key.preprocessing)
      let file = folder.file(of: set)
      if let file, key.skipBad || file.isComplete {
        let step = max(min(key.batchSize, items.count), 1)
        for start in stride(from: 0, to: items.count, by: step) {
          try body(file.batch(start..<min(start + step, items.count)))
        }
        return
      }
      writer = file == nil ? folder.writer(for: set) : nil
    }
    let loader = ImageLoader(
      items: items, preprocessing: key.preprocessing, batchSize: key.batchSize,
      threads: context.loaderThreads, skipBad: key.skipBad, ledger: context.ledger)
    var read = 0
    while let batch = try context.timing(.evaluationWait, loader.next) {
      writer?.append(batch)
      read += batch.count + batch.skipped.count
      try context.report(
        .progress("Reading \(name)", done: read, total: items.count, loss: nil))
      try body(batch)
    }
    writer?.finish()
  }
}
