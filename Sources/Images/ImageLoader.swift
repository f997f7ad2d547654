import Basics
import Foundation

/// Decodes, preprocesses and augments images in its own threads, and hands them out in batches.
///
/// Batches come in the order of the items, and their bytes depend on nothing but the items: not on
/// the number of threads, nor on timing. A few batches are prepared ahead. When the loader goes
/// away its threads end after the image at hand.
///
/// ```swift
/// let loader = ImageLoader(items: items, preprocessing: Preprocessing(), batchSize: 64)
/// while let batch = try loader.next() { … }
/// ```
public final class ImageLoader: Sendable {
  /// The largest number of threads that a loader starts.
  public static let threadLimit = 256

  /// The number of batches of a whole pass; the last may be smaller.
  public let batchCount: Int
  private let queue: LoaderQueue

  /// Starts to load.
  ///
  /// - Parameters:
  ///   - items: What to load, in this order.
  ///   - batchSize: How many items make a batch, at least 1.
  ///   - threads: How many threads decode; the number of processors by default.
  ///   - skipBad: Whether an item that cannot be read is left out of its batch and listed there,
  ///     instead of ending the pass with its error.
  ///   - cache: Where decoded images are looked up and kept, unless fast paths are off.
  ///   - ledger: Where the threads add the time they work.
  public init(
    items: [LoadItem], preprocessing: Preprocessing, augmentation: Augmentation = .none,
    batchSize: Int, threads: Int = ProcessInfo.processInfo.activeProcessorCount,
    skipBad: Bool = false, cache: DecodedImageCache? = nil, ledger: TimeLedger? = nil
  ) {
    let work = LoaderWork(
      items: items, preprocessing: preprocessing, augmentation: augmentation,
      batchSize: max(min(batchSize, items.count), 1), skipBad: skipBad,
      cache: FastPaths.areOn ? cache : nil, ledger: ledger)
    batchCount = work.batchCount
    let threads = min(max(threads, 1), items.count, Self.threadLimit)
    let queue = LoaderQueue(work: work, threads: threads)
    self.queue = queue
    for _ in 0..<threads {
      // The threads hold the queue, not the loader, so that the loader can go away.
      let thread = Thread { queue.run() }
      thread.name = "holdfast.images"
      thread.start()
    }
  }

  deinit {
    queue.stop()
  }

  /// The next batch, or nil after the last.
  ///
  /// - Throws: The error of the first bad item of the batch, unless `skipBad`; and again at every
  ///   later call.
  public func next() throws(HoldfastError) -> PixelBatch? {
    try queue.next().get()
  }
}
