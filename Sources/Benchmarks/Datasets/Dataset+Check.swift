import Basics
import Images

extension Dataset {
  /// The images that do not decode, each with what is wrong with it in one line.
  ///
  /// - Parameters:
  ///   - threads: How many threads decode.
  ///   - progress: Called with images done and in all; what it throws ends the check.
  public func unreadableImages(
    threads: Int, progress: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> [PixelBatch.Skipped] {
    // The size does not matter; a small one is quick.
    let loader = ImageLoader(
      items: samples.map { item(of: $0) },
      preprocessing: Preprocessing(imageSize: 8), batchSize: 64, threads: threads, skipBad: true)
    var bad: [PixelBatch.Skipped] = []
    var done = 0
    while let batch = try loader.next() {
      bad += batch.skipped
      done += batch.count + batch.skipped.count
      try progress(done, samples.count)
    }
    return bad
  }
}
