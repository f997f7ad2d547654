import Basics

/// What a loader is asked to do: a value, with the work on a single item as a pure function.
struct LoaderWork: Sendable {
  var items: [LoadItem]
  var preprocessing: Preprocessing
  var augmentation: Augmentation
  var batchSize: Int
  var skipBad: Bool
  var cache: DecodedImageCache?

  var batchCount: Int {
    (items.count + batchSize - 1) / batchSize
  }

  /// The bytes of one image in a batch.
  var imageBytes: Int {
    3 * preprocessing.cropSize * preprocessing.cropSize
  }

  /// The positions of a batch in the list of items.
  func positions(ofBatch batch: Int) -> Range<Int> {
    batch * batchSize..<min((batch + 1) * batchSize, items.count)
  }

  /// The pixels of the item at a position.
  func image(at position: Int) throws(HoldfastError) -> RGBImage {
    let item = items[position]
    var random = CounterRandom(key: item.key)
    return augmentation.apply(
      try decoded(item), preprocessing: preprocessing, random: &random)
  }

  private func decoded(_ item: LoadItem) throws(HoldfastError) -> RGBImage {
    if let image = cache?.image(of: item) { return image }
    let image = try ImageFile.read(item)
    cache?.keep(image, of: item)
    return image
  }
}
