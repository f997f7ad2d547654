import Basics
import Benchmarks
import Dispatch
import Foundation
import Images
import TestSupport
import Testing

@Suite struct MiniDomainsCacheTests {
  private func lines(_ path: String) throws -> [Substring] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
  }

  @Test func theCacheIsDomainNetsLayout() throws {
    try withTemporaryFolder { cache in
      let root = try MiniDomains.open(cache: cache, perClass: 2)
      let lists = try FileManager.default.contentsOfDirectory(atPath: root)
        .filter { $0.hasSuffix(".txt") }
      #expect(lists.count == 13)
      #expect(lists.contains("real_val.txt") && !lists.contains("sketch_val.txt"))
      var seen: Set<Substring> = []
      for list in lists {
        let lines = try lines(root + "/" + list)
        #expect(lines.count == 40)
        var counts = [Int](repeating: 0, count: 20)
        for line in lines {
          let match = try #require(
            line.wholeMatch(of: #/([a-z]+)/([a-z]+)/([a-z]+)_(\d{3})_(\d{6})\.(jpg|png) (\d+)/#))
          let label = try #require(Int(match.7))
          counts[label] += 1
          #expect(match.1 == match.3 && list.hasPrefix(match.1))
          #expect(match.2 == MiniDomains.classNames[label])
          #expect(Int(match.4) == label + 1)
          #expect((match.6 == "png") == (match.1 == "quickdraw"))
          #expect(seen.insert(line).inserted)
        }
        #expect(counts.allSatisfy { $0 == 2 })
      }
    }
  }

  @Test func filesHoldTheImagesOfTheirScenes() throws {
    try withTemporaryFolder { cache in
      let root = try MiniDomains.open(cache: cache, perClass: 1)
      let renderer = MiniRenderer()
      // Numbers run through train, val and test: the test image of the third class is 43.
      for (domain, file) in [
        (MiniDomains.Domain.real, "real/tree/real_003_000043.jpg"),
        (.quickdraw, "quickdraw/tree/quickdraw_003_000043.png"),
      ] {
        let image = try ImageFile.read(root + "/" + file)
        let scene = MiniDomains.scene(domain: domain, split: .test, index: 2)
        let expected = renderer.image(of: scene)
        let error = zip(image.pixels, expected.pixels)
          .reduce(0.0) { $0 + abs(Double($1.0) - Double($1.1)) / 3072 }
        #expect(domain == .quickdraw ? error == 0 : error < 4, "\(error)")
      }
    }
  }

  @Test func aCacheIsUsedAgainAndLeavesNothingBeside() throws {
    try withTemporaryFolder { cache in
      let calls = Counter()
      let roots = Counter()
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        let root = try? MiniDomains.open(cache: cache, perClass: 1) { done, total in
          calls.add(done == total ? 1 : 0)
        }
        if root == cache + "/minidomains-1-of-1" { roots.add(1) }
      }
      #expect(roots.value == 4)
      #expect(calls.value == 1)
      let names = try FileManager.default.contentsOfDirectory(atPath: cache)
      #expect(names == ["minidomains-1-of-1"])
    }
  }

  @Test func whatAKilledRenderingLeftIsRemoved() throws {
    try withTemporaryFolder { cache in
      try plant(cache, ".minidomains-1.part-old/x.jpg", ".minidomains-1.part-new/x.jpg", "other/x")
      for name in [".minidomains-1.part-old", "other"] {
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSinceNow: -86_400)], ofItemAtPath: cache + "/" + name
        )
      }
      _ = try MiniDomains.open(cache: cache, perClass: 1)
      let names = try FileManager.default.contentsOfDirectory(atPath: cache).sorted()
      #expect(names == [".minidomains-1.part-new", "minidomains-1-of-1", "other"])
    }
  }

  @Test func builtInSetsAreOpenedByName() throws {
    try withTemporaryFolder { cache in
      // A small copy under the name of the full one spares the test thirteen thousand images.
      let small = try MiniDomains.open(cache: cache, perClass: 1)
      try FileManager.default.moveItem(atPath: small, toPath: cache + "/minidomains-1")
      func open(_ name: String, for purpose: DatasetPurpose) throws -> [Dataset] {
        try DatasetSpecifier.parse("builtin:" + name).open(for: purpose, cache: cache)
      }
      let sets = try open("minidomains/*", for: .evaluation)
      #expect(
        sets.map(\.name)
          == ["clipart", "infograph", "painting", "quickdraw", "real", "sketch"]
          .map { "minidomains/\($0)" })
      #expect(sets.allSatisfy { $0.kind == "minidomains" && $0.expectedImages == 1000 })
      #expect(sets.allSatisfy { $0.classes == MiniDomains.classNames && $0.split == "test" })
      let train = try #require(try open("minidomains/real", for: .training).first)
      #expect(train.split == "train")
      #expect(train.samples.count == 20)
      #expect(train.samples.allSatisfy { $0.domain == "real" })
      #expect(try open("minidomains/real", for: .validation).count == 1)
      #expect(try open("minidomains/sketch", for: .validation).isEmpty)
      #expect(try open("minidomains/sketch#train", for: .evaluation).first?.split == "train")
      let error = expectProblem(.usage, containing: "minidomains/scetch") {
        try open("minidomains/scetch", for: .evaluation)
      }
      #expect(error?.remedy.contains("Did you mean 'builtin:minidomains/sketch'") == true)
      try FileManager.default.removeItem(
        atPath: cache + "/minidomains-1/" + train.samples[0].path)
      let damaged = expectProblem(.missingInput, containing: "1 of 20") {
        try open("minidomains/real", for: .training)
      }
      #expect(damaged?.remedy.contains("Delete the folder \(cache)/minidomains-1") == true)
    }
  }

  @Test func aCacheThatCannotBeWrittenIsSaid() throws {
    try withTemporaryFolder { folder in
      try plant(folder, "file")
      expectProblem(.cannotWrite, containing: "/file") {
        try MiniDomains.open(cache: folder + "/file", perClass: 1)
      }
    }
  }
}

/// A number that threads add to.
private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var total = 0

  var value: Int { lock.withLock { total } }

  func add(_ number: Int) { lock.withLock { total += number } }
}
