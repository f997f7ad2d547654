import Basics
import Benchmarks
import Foundation
import Images

extension Speed {
  /// Files to preprocessed pixels, with as many threads as the settings say.
  static func loadingPart(_ inputs: Inputs, _ conversation: Conversation) throws {
    let dataset = try inputs.dataset(inputs.text("images"))
    let items = dataset.samples.map { dataset.item(of: $0) }
    let threads = try inputs.count("threads")
    try conversation.serve {
      let start = ContinuousClock.now
      let loader = ImageLoader(
        items: items, preprocessing: Preprocessing(imageSize: 224), batchSize: 16,
        threads: threads)
      var batches: [PixelBatch] = []
      while let batch = try loader.next() { batches.append(batch) }
      let duration = ContinuousClock.now - start
      return Conversation.Answer(duration, count: items.count, check: .string(digest(batches)))
    }
  }

  /// The SHA-256 of all pixels: equal exactly where every byte is.
  private static func digest(_ batches: [PixelBatch]) -> String {
    var hash = SHA256()
    for batch in batches { batch.pixels.withUnsafeBytes { hash.update($0) } }
    return hash.name
  }
}
