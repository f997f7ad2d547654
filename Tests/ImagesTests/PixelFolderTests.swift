import Basics
import Foundation
import Images
import TestSupport
import Testing

/// Pixels that are kept on disk.
@Suite struct PixelFolderTests {
  private let preprocessing = Preprocessing(imageSize: 16)

  /// Ten images in a folder, two of them bad where wished.
  private func items(_ folder: String, bad: [Int] = []) throws -> [LoadItem] {
    try (0..<10).map { index in
      let path = "\(folder)/\(index).png"
      let data =
        bad.contains(index)
        ? Data("no image".utf8) : try noise(width: 30, height: 20, seed: index).png()
      try data.write(to: URL(fileURLWithPath: path))
      return LoadItem(path: path, key: [index])
    }
  }

  private func folder(_ path: String, byteLimit: Int = 1 << 20) -> PixelFolder {
    PixelFolder(path: "\(path)/pixels", byteLimit: byteLimit, smallest: 100)
  }

  private func batches(_ set: PixelSet, batchSize: Int, skipBad: Bool = true) throws -> [PixelBatch]
  {
    let loader = ImageLoader(
      items: set.items, preprocessing: set.preprocessing, batchSize: batchSize, skipBad: skipBad)
    var batches: [PixelBatch] = []
    while let batch = try loader.next() { batches.append(batch) }
    return batches
  }

  /// Leaves the pixels of a set in a folder.
  @discardableResult
  private func keep(_ set: PixelSet, in folder: PixelFolder, batchSize: Int = 4) throws -> Bool {
    guard let writer = folder.writer(for: set) else { return false }
    for batch in try batches(set, batchSize: batchSize) { writer.append(batch) }
    return writer.finish()
  }

  private func names(_ folder: PixelFolder) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
  }

  @Test(arguments: [[], [3], [0, 4, 5, 6, 7, 9]])
  func batchesAreTheLoaders(_ bad: [Int]) throws {
    try withTemporaryFolder { path in
      let folder = folder(path)
      let set = PixelSet(try items(path, bad: bad), preprocessing)
      #expect(folder.file(of: set) == nil)
      #expect(try keep(set, in: folder, batchSize: 3))
      #expect(names(folder).count == 1)
      let file = try #require(folder.file(of: set))
      #expect(file.isComplete == bad.isEmpty)
      for batchSize in [1, 4, 10] {
        for (index, batch) in try batches(set, batchSize: batchSize).enumerated() {
          let ours = file.batch(index * batchSize..<min((index + 1) * batchSize, 10))
          #expect(ours.pixels.bytes == batch.pixels.bytes && ours.count == batch.count)
          #expect(ours.positions == batch.positions && ours.skipped == batch.skipped)
          #expect(ours.size == 16)
        }
      }
      // Batches outlive the file, its name and the images.
      let batch = file.batch(0..<10)
      let bytes = batch.pixels.bytes
      try FileManager.default.removeItem(atPath: path)
      #expect(batch.pixels.bytes == bytes)
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }
  }

  @Test func whatDecidesThePixelsDecidesTheFile() throws {
    try withTemporaryFolder { path in
      let folder = folder(path)
      let items = try items(path)
      try keep(PixelSet(items, preprocessing), in: folder)
      let isThere = { (items: [LoadItem], preprocessing: Preprocessing) in
        folder.file(of: PixelSet(items, preprocessing)) != nil
      }
      #expect(isThere(items, preprocessing))
      #expect(isThere(items.map { LoadItem(path: $0.path) }, preprocessing))
      var other = preprocessing
      other.mean = [0, 0, 0]
      #expect(isThere(items, other))
      #expect(!isThere(items, Preprocessing(resizeShortSide: 17, cropSize: 16)))
      #expect(!isThere(Array(items.dropLast()), preprocessing))
      #expect(!isThere(items.reversed(), preprocessing))
      var changed = items
      changed[2].border = 1
      #expect(!isThere(changed, preprocessing))
      changed = items
      changed[2].slice = FileSlice(file: items[2].path, offset: 0, count: 5)
      #expect(!isThere(changed, preprocessing))
      // The same bytes, written later.
      let data = try Data(contentsOf: URL(fileURLWithPath: items[7].path))
      try data.write(to: URL(fileURLWithPath: items[7].path))
      #expect(!isThere(items, preprocessing))
    }
  }

  /// A file that is cut, longer, or changed in its header or list is not taken, and is remade.
  @Test func damagedFilesAreRemade() throws {
    try withTemporaryFolder { path in
      let folder = folder(path)
      let set = PixelSet(try items(path, bad: [3]), preprocessing)
      try keep(set, in: folder)
      let name = "\(folder.path)/\(names(folder)[0])"
      let good = try Data(contentsOf: URL(fileURLWithPath: name))
      var damaged = [Data(), good.prefix(50), good.prefix(5000), good.dropLast(), good + [0]]
      for place in [0, 8, 16, 24, 40, 70, good.count - 3] {
        damaged.append(good)
        damaged[damaged.count - 1][place] ^= 1
      }
      for data in damaged {
        try data.write(to: URL(fileURLWithPath: name))
        #expect(folder.file(of: set) == nil)
        #expect(names(folder).isEmpty)
        #expect(try keep(set, in: folder))
        #expect(try Data(contentsOf: URL(fileURLWithPath: name)) == good)
      }
    }
  }

  @Test func whatIsNotFinishedLeavesNothing() throws {
    try withTemporaryFolder { path in
      let folder = folder(path)
      let set = PixelSet(try items(path), preprocessing)
      let all = try batches(set, batchSize: 5)
      // Dropped half way; finished half way; too much; changed meanwhile.
      do {
        let writer = try #require(folder.writer(for: set))
        writer.append(all[0])
        #expect(names(folder).count == 1)
      }
      #expect(names(folder).isEmpty)
      for appended in [[all[0]], [all[0], all[1], all[1]]] {
        let writer = try #require(folder.writer(for: set))
        for batch in appended { writer.append(batch) }
        #expect(!writer.finish())
        #expect(names(folder).isEmpty)
      }
      let writer = try #require(folder.writer(for: set))
      for batch in all { writer.append(batch) }
      try noise(width: 9, height: 9).png().write(to: URL(fileURLWithPath: set.items[0].path))
      #expect(!writer.finish())
      #expect(names(folder).isEmpty)
    }
  }

  /// Ten images of 768 bytes and a page of header make 11778 bytes a file.
  @Test func theLeastRecentlyUsedGoesFirst() throws {
    try withTemporaryFolder { path in
      let folder = folder(path, byteLimit: 3 * 12_000)
      let items = try items(path)
      let sets = (0..<4).map { first in
        PixelSet(Array(items[first...]) + items[..<first], preprocessing)
      }
      for set in sets.prefix(3) {
        #expect(try keep(set, in: folder))
        Thread.sleep(forTimeInterval: 0.02)
      }
      #expect(folder.file(of: sets[0]) != nil)
      Thread.sleep(forTimeInterval: 0.02)
      #expect(try keep(sets[3], in: folder))
      #expect(sets.map { folder.file(of: $0) != nil } == [true, false, true, true])
    }
  }

  @Test func partsOfProcessesThatEndedAreRemoved() throws {
    try withTemporaryFolder { path in
      let folder = folder(path)
      let set = PixelSet(try items(path), preprocessing)
      try keep(set, in: folder)
      for (name, age) in [("old.hfp.1.part", 90_000.0), ("new.hfp.1.part", 60.0)] {
        try AtomicFile.write("pixels", to: "\(folder.path)/\(name)")
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSinceNow: -age)],
          ofItemAtPath: "\(folder.path)/\(name)")
      }
      #expect(folder.writer(for: set) != nil)
      #expect(names(folder).filter { $0.hasSuffix(".part") } == ["new.hfp.1.part"])
    }
  }

  @Test func someSetsAreNotKept() throws {
    try withTemporaryFolder { path in
      let set = PixelSet(try items(path), preprocessing)
      let standard = PixelFolder(path: path)
      #expect(standard.byteLimit == 8 << 30 && standard.smallest == 16 << 20)
      #expect(!standard.takes(10, preprocessing) && standard.writer(for: set) == nil)
      #expect(standard.takes(112, Preprocessing()) && !standard.takes(111, Preprocessing()))
      #expect(!standard.takes(60_000, Preprocessing()))
      #expect(folder(path, byteLimit: 7000).writer(for: set) == nil)
      // A disk is not filled: no disk has twice so much free.
      let huge = PixelFolder(path: "\(path)/pixels", byteLimit: .max, smallest: 1)
      let many = PixelSet(
        Array(repeating: set.items[0], count: 50_000), Preprocessing(imageSize: 8192))
      #expect(huge.writer(for: many) == nil)
      // A folder that cannot be is no error.
      try AtomicFile.write("a file", to: "\(path)/file")
      let none = PixelFolder(path: "\(path)/file/pixels", smallest: 1)
      #expect(none.writer(for: set) == nil && none.file(of: set) == nil)
    }
  }

  @Test func theLimitIsReadFromTheEnvironment() throws {
    let read = { (text: String?) throws in
      let environment = text.map { [PixelFolder.limitVariable: $0] } ?? [:]
      return try PixelFolder.standard(cache: "/c", environment: environment)
    }
    #expect(try read(nil)?.byteLimit == 8 << 30)
    #expect(try read("")?.path == "/c/pixels")
    #expect(try read("0.5")?.byteLimit == 1 << 29)
    #expect(try read("0") == nil)
    for text in ["-1", "much", "nan", "1e9", "inf"] {
      expectProblem(.usage, containing: PixelFolder.limitVariable, text) { try read(text) }
    }
  }
}
