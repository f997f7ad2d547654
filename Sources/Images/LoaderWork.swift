import Basics
import CImaging

/// What a loader is asked to do: a value, with the work on a single item as a pure function.
struct LoaderWork: Sendable {
  var items: [LoadItem]
  var preprocessing: Preprocessing
  var augmentation: Augmentation
  var batchSize: Int
  var skipBad: Bool
  var cache: DecodedImageCache?
  var ledger: TimeLedger?
  /// As they are chosen where the loader is made; its threads know nothing of that scope.
  var instructions = ci_instructions.chosen

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

  /// Writes the pixels of the item at a position as planes, `imageBytes` bytes.
  func write(
    _ position: Int, to planes: UnsafeMutablePointer<UInt8>, _ workspace: ImageWorkspace
  ) throws(HoldfastError) {
    guard let ledger else { return try load(position, to: planes, workspace) }
    try ledger.measureLoading { () throws(HoldfastError) in
      try load(position, to: planes, workspace)
    }
  }

  private func load(
    _ position: Int, to planes: UnsafeMutablePointer<UInt8>, _ workspace: ImageWorkspace
  ) throws(HoldfastError) {
    let item = items[position]
    var random = CounterRandom(key: item.key)
    guard let cache else {
      let (width, height) = try workspace.open(item)
      let plan = augmentation.plan(
        width: width, height: height, preprocessing: preprocessing, random: &random)
      return try workspace.write(plan, to: planes)
    }
    let image = try decoded(item, cache, workspace)
    let plan = augmentation.plan(
      width: image.width, height: image.height, preprocessing: preprocessing, random: &random)
    try workspace.write(plan, image, to: planes)
  }

  private func decoded(
    _ item: LoadItem, _ cache: DecodedImageCache, _ workspace: ImageWorkspace
  ) throws(HoldfastError) -> RGBImage {
    if let image = cache.image(of: item) { return image }
    _ = try workspace.open(item)
    let image = try workspace.image()
    cache.keep(image, of: item)
    return image
  }
}
