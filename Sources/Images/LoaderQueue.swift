import Basics
import Foundation

/// What the threads of a loader share: which item comes next, and the batches under way.
final class LoaderQueue: @unchecked Sendable {
  /// How many batches are prepared at most, the one that is waited for included: so many that no
  /// thread is idle while a batch has fewer images than there are threads.
  private let batchesAhead: Int
  private let work: LoaderWork
  /// Guards everything below.
  private let condition = NSCondition()
  private var nextPosition = 0
  private var nextBatch = 0
  private var batches: [Int: UnfinishedBatch] = [:]
  private var failure: HoldfastError?
  private var isStopped = false

  init(work: LoaderWork, threads: Int) {
    self.work = work
    batchesAhead = 3 + threads / work.batchSize
  }

  /// Ends the threads after the image at hand.
  func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
    }
  }

  /// The work of one thread: item after item, until there are none or it is stopped.
  func run() {
    let workspace = ImageWorkspace(work.instructions)
    while let (position, batch) = claim() {
      let place = position % work.batchSize
      do throws(HoldfastError) {
        try batch.pixels.fill(place: place, length: work.imageBytes) {
          planes throws(HoldfastError) in try work.write(position, to: planes, workspace)
        }
        finish(batch, nil, at: place)
      } catch {
        finish(batch, error, at: place)
      }
    }
  }

  /// Waits for the next batch in order.
  func next() -> Result<PixelBatch?, HoldfastError> {
    condition.lock()
    defer { condition.unlock() }
    if let failure { return .failure(failure) }
    guard nextBatch < work.batchCount else { return .success(nil) }
    while batches[nextBatch]?.missing != 0 { condition.wait() }
    guard let batch = batches.removeValue(forKey: nextBatch) else { return .success(nil) }
    if !work.skipBad, let first = batch.failures.min(by: { $0.key < $1.key }) {
      failure = first.value
      isStopped = true
      condition.broadcast()
      return .failure(first.value)
    }
    nextBatch += 1
    condition.broadcast()
    return .success(batch.finished(work, positions: work.positions(ofBatch: nextBatch - 1)))
  }

  /// Takes the next item, as soon as its batch is near enough to the one that is waited for.
  private func claim() -> (Int, UnfinishedBatch)? {
    condition.lock()
    defer { condition.unlock() }
    while !isStopped, nextPosition < work.items.count {
      let index = nextPosition / work.batchSize
      guard index < nextBatch + batchesAhead else {
        condition.wait()
        continue
      }
      let batch = batches[index] ?? UnfinishedBatch(work, index)
      batches[index] = batch
      defer { nextPosition += 1 }
      return (nextPosition, batch)
    }
    return nil
  }

  private func finish(_ batch: UnfinishedBatch, _ error: HoldfastError?, at place: Int) {
    condition.withLock {
      batch.failures[place] = error
      batch.missing -= 1
      if batch.missing == 0 { condition.broadcast() }
    }
  }
}

/// A batch that is being filled; the queue's lock guards all but the pixels.
private final class UnfinishedBatch {
  let pixels: PixelBuffer
  /// How many of its images are not yet there.
  var missing: Int
  /// What went wrong, by place in the batch.
  var failures: [Int: HoldfastError] = [:]

  init(_ work: LoaderWork, _ index: Int) {
    missing = work.positions(ofBatch: index).count
    pixels = PixelBuffer(count: missing * work.imageBytes)
  }

  func finished(_ work: LoaderWork, positions: Range<Int>) -> PixelBatch {
    let kept = positions.indices.filter { failures[$0 - positions.lowerBound] == nil }
    pixels.keep(places: kept.map { $0 - positions.lowerBound }, length: work.imageBytes)
    let skipped = failures.sorted { $0.key < $1.key }.map { place, error in
      PixelBatch.Skipped(
        path: work.items[positions.lowerBound + place].path, reason: error.problem)
    }
    return PixelBatch(
      pixels: pixels, count: kept.count, size: work.preprocessing.cropSize, positions: kept,
      skipped: skipped)
  }
}
