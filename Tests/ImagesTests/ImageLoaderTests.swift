import Basics
import Foundation
import Images
import TestSupport
import Testing

@Suite struct ImageLoaderTests {
  private let preprocessing = Preprocessing(imageSize: 16)

  /// Items of all readable fixtures, some of them twice.
  private func items(_ count: Int = 45, seed: Int = 0) -> [LoadItem] {
    let files = Golden.cases("decode").map(\.file)
    return (0..<count).map { index in
      LoadItem(path: Golden.path(files[(7 * index) % files.count]), key: [seed, 0, index])
    }
  }

  private func load(_ loader: ImageLoader) throws -> [PixelBatch] {
    var batches: [PixelBatch] = []
    while let batch = try loader.next() { batches.append(batch) }
    return batches
  }

  @Test(arguments: Augmentation.allCases)
  func batchesAreWhatTheItemsGiveOneByOne(_ augmentation: Augmentation) throws {
    let items = items()
    let loader = ImageLoader(
      items: items, preprocessing: preprocessing, augmentation: augmentation, batchSize: 8,
      threads: 3)
    let batches = try load(loader)
    #expect(loader.batchCount == 6)
    #expect(batches.map(\.count) == [8, 8, 8, 8, 8, 5])
    #expect(batches.flatMap(\.positions) == Array(0..<45))
    for batch in batches {
      let expected = try batch.positions.flatMap { position in
        var random = CounterRandom(key: items[position].key)
        return augmentation.apply(
          try ImageFile.read(items[position].path), preprocessing: preprocessing, random: &random
        ).planes
      }
      #expect(batch.pixels.bytes == expected)
      #expect(batch.size == 16 && batch.skipped.isEmpty)
    }
  }

  @Test func theResultDependsOnNeitherThreadsNorTiming() throws {
    let results = try [1, 2, 7, 100].map { threads in
      let loader = ImageLoader(
        items: items(), preprocessing: preprocessing, augmentation: .randomResizedCropFlip,
        batchSize: 4, threads: threads)
      return try load(loader).map { batch in
        if threads == 7 { Thread.sleep(forTimeInterval: 0.002) }
        return batch.pixels.bytes
      }
    }
    for result in results { #expect(result == results[0]) }
  }

  @Test func theKeyDecidesTheAugmentation() throws {
    let first = try load(loader(seed: 0))[0].pixels.bytes
    #expect(try load(loader(seed: 0))[0].pixels.bytes == first)
    #expect(try load(loader(seed: 1))[0].pixels.bytes != first)
  }

  private func loader(seed: Int) -> ImageLoader {
    ImageLoader(
      items: items(4, seed: seed), preprocessing: preprocessing,
      augmentation: .randomResizedCrop, batchSize: 4, threads: 2)
  }

  @Test func noItemsGiveNoBatch() throws {
    let loader = ImageLoader(items: [], preprocessing: preprocessing, batchSize: 4, threads: 2)
    #expect(try loader.next() == nil)
    #expect(try loader.next() == nil)
    #expect(loader.batchCount == 0)
  }

  @Test(arguments: [(Int.max, Int.max, 1), (.min, .min, 5), (0, 0, 5)])
  func settingsOutOfRangeAreClamped(_ batchSize: Int, _ threads: Int, _ batches: Int) throws {
    let loader = ImageLoader(
      items: items(5), preprocessing: preprocessing, batchSize: batchSize, threads: threads)
    #expect(loader.batchCount == batches)
    #expect(try load(loader).flatMap(\.positions) == [0, 1, 2, 3, 4])
  }

  @Test func theEndStaysTheEnd() throws {
    let loader = ImageLoader(items: items(3), preprocessing: preprocessing, batchSize: 2)
    #expect(try load(loader).count == 2)
    #expect(try loader.next() == nil)
  }

  /// Items with bad files at 5, 9 and 10, and a whole bad batch from 12 to 15.
  private func itemsWithBadFiles(_ folder: String) throws -> [LoadItem] {
    var items = items(18)
    try Data("no image".utf8).write(to: URL(fileURLWithPath: "\(folder)/bad.jpg"))
    for position in [9, 10, 12, 13, 14, 15] { items[position].path = "\(folder)/bad.jpg" }
    items[5].path = "\(folder)/missing.jpg"
    return items
  }

  @Test(arguments: [1, 6])
  func anErrorComesWithItsBatchAndAgain(_ threads: Int) throws {
    try withTemporaryFolder { folder in
      let loader = ImageLoader(
        items: try itemsWithBadFiles(folder), preprocessing: preprocessing, batchSize: 4,
        threads: threads)
      #expect(try loader.next()?.positions == [0, 1, 2, 3])
      expectProblem(.missingInput, containing: "\(folder)/missing.jpg") { try loader.next() }
      expectProblem(.missingInput, containing: "\(folder)/missing.jpg") { try loader.next() }
    }
  }

  @Test func theFirstBadItemOfABatchIsReported() throws {
    try withTemporaryFolder { folder in
      var items = items(8)
      for position in 2..<8 { items[position].path = "\(folder)/missing-\(position).jpg" }
      for _ in 0..<20 {
        let loader = ImageLoader(
          items: items, preprocessing: preprocessing, batchSize: 8, threads: 8)
        expectProblem(.missingInput, containing: "missing-2.jpg") { try loader.next() }
      }
    }
  }

  @Test func badItemsAreLeftOutOnRequest() throws {
    try withTemporaryFolder { folder in
      let items = try itemsWithBadFiles(folder)
      let batches = try load(
        ImageLoader(
          items: items, preprocessing: preprocessing, batchSize: 4, threads: 3, skipBad: true))
      #expect(
        batches.map(\.positions) == [[0, 1, 2, 3], [4, 6, 7], [8, 11], [], [16, 17]])
      #expect(batches.map(\.count) == [4, 3, 2, 0, 2])
      #expect(batches.map(\.skipped.count) == [0, 1, 2, 4, 0])
      #expect(batches[1].skipped[0].path == "\(folder)/missing.jpg")
      #expect(batches[2].skipped[0].reason.contains("not a JPEG"))
      for batch in batches {
        let expected = try batch.positions.flatMap { position in
          preprocessing.apply(try ImageFile.read(items[position].path)).planes
        }
        #expect(batch.pixels.bytes == expected)
      }
    }
  }

  /// The threads hold the cache; once it is gone, so are they.
  @Test(arguments: [0, 1, 3])
  func aDroppedLoaderEndsItsThreads(_ batchesTaken: Int) throws {
    weak var watched: DecodedImageCache?
    for _ in 0..<10 {
      let cache = DecodedImageCache(byteLimit: 1 << 20)
      watched = cache
      let loader = ImageLoader(
        items: items(400), preprocessing: preprocessing, batchSize: 4, threads: 4, cache: cache)
      for _ in 0..<batchesTaken { _ = try loader.next() }
    }
    let patience = Date(timeIntervalSinceNow: 30)
    while watched != nil, Date() < patience { Thread.sleep(forTimeInterval: 0.01) }
    #expect(watched == nil)
  }

  @Test func theCacheServesLaterPasses() throws {
    try withTemporaryFolder { folder in
      let image = noise(width: 20, height: 20)
      let items = try (0..<6).map { index in
        let path = "\(folder)/\(index).png"
        try image.png().write(to: URL(fileURLWithPath: path))
        return LoadItem(path: path)
      }
      let cache = DecodedImageCache(byteLimit: 4 * 1200 + 100)
      let pass = { (bad: Bool) in
        try load(
          ImageLoader(
            items: items, preprocessing: preprocessing, batchSize: 3, threads: 2, skipBad: bad,
            cache: cache))
      }
      let first = try pass(false)
      #expect(cache.byteCount == 4 * 1200)
      try FileManager.default.removeItem(atPath: folder)
      let second = try pass(true)
      #expect(second.map(\.count).reduce(0, +) == 4)
      let kept = items.filter { cache.image(of: $0) != nil }
      #expect(kept.count == 4)
      #expect(first[0].pixels.bytes.prefix(768) == second[0].pixels.bytes.prefix(768))
    }
  }
}
