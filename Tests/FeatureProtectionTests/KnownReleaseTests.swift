import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import TestSupport
import Testing
import Torch

/// Releases are known by their bytes alone, and what was published stands beside a measurement only
/// where both are of one thing.
@Suite struct KnownReleaseTests {
  @Test func theTableIsOfNineReleases() {
    let all = KnownRelease.all
    #expect(all.count == 9 && Set(all.map(\.name)).count == 9)
    let files = all.flatMap(\.files)
    #expect(Set(files).count == files.count)
    #expect(files.allSatisfy { $0.wholeMatch(of: /sha256:[0-9a-f]{64}/) != nil })
    for release in all {
      #expect(release.accuracies.count == 5)
      #expect(release.accuracies.values.allSatisfy { (0.2...0.9).contains($0) })
    }
    // Radford et al. 2021, table 11, with the 80 prompts: 63.2 and 76.2.
    let named = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.accuracies) })
    #expect(named["OpenAI's ViT-B/32"]?["imagenet"] == 0.6332)
    #expect(named["OpenAI's ViT-L/14@336px"]?["imagenet"] == 0.7656)
  }

  private func release(of path: String) throws -> KnownRelease {
    KnownRelease(
      name: "tiny", files: [try SHA256.name(ofFile: path)], accuracies: ["imagenet-a": 0.25])
  }

  @Test func aFileIsKnownByItsBytes() throws {
    let path = Fixtures.path("checkpoints/openai/ViT.pt")
    let known = [try release(of: path)]
    let checkpoint = try Checkpoint.read(path)
    #expect(try KnownRelease.identify(path, checkpoint, among: known) == known[0])
    #expect(try KnownRelease.identify(path, checkpoint) == nil)
    #expect(
      try SHA256.name(ofFile: path) == SHA256.name(of: Fixtures.data("checkpoints/openai/ViT.pt")))
    expectProblem(.missingInput, containing: "/nowhere") { try SHA256.name(ofFile: "/nowhere") }
    let builtin = try ModelLocation.read("builtin:mini")
    #expect(try KnownRelease.identify("builtin:mini", builtin, among: known) == nil)
  }

  @Test func aConvertedReleaseIsStillOneAndATunedOneIsNot() throws {
    let path = Fixtures.path("checkpoints/openai/ViT.pt")
    let known = [try release(of: path)]
    var checkpoint = try Checkpoint.read(path)
    let metadata = try KnownRelease.metadata(of: path, checkpoint, among: known)
    #expect(metadata.count == 2)
    #expect(try KnownRelease.metadata(of: path, checkpoint).isEmpty)
    try withTemporaryFolder { folder in
      for layout in CheckpointLayout.allCases {
        let out = "\(folder)/\(layout.rawValue)"
        try checkpoint.write(to: out, layout: layout, metadata: metadata)
        #expect(try KnownRelease.identify(out, Checkpoint.read(out), among: known) == known[0])
      }
      // Another's weights under the same words.
      checkpoint.weights = try checkpoint.weights * 1.5
      try checkpoint.write(to: "\(folder)/tuned", layout: .huggingFace, metadata: metadata)
      let tuned = try Checkpoint.read("\(folder)/tuned")
      #expect(try KnownRelease.identify("\(folder)/tuned", tuned, among: known) == nil)
    }
  }

  @Test func publishedNumbersNeedTheSameMeasurement() throws {
    let path = Fixtures.path("checkpoints/openai/ViT.pt")
    let known = [try release(of: path)]
    var set = Dataset(
      name: "imagenet-a", kind: "imagenet-a", rule: "", split: "test", root: "/nowhere",
      classes: ["a", "b"], samples: [.init(path: "1.jpg", label: 0)], expectedImages: 1)
    let models = try ModelComparison.read([path])
    var comparison = ModelComparison(models, context: RunContext())
    let number = PublishedNumber(
      model: "ViT.pt", set: "imagenet-a", metric: "top1", value: 0.25, release: "tiny",
      source: KnownRelease.source)
    #expect(try comparison.published(on: [set], among: known) == [number])
    #expect(try comparison.published(on: [set]).isEmpty)

    func expectNone(_ what: String, _ change: (inout ModelComparison) throws -> Void) rethrows {
      var other = comparison
      try change(&other)
      #expect((try? other.published(on: [set], among: known)) == [], "\(what)")
    }
    try expectNone("another head") {
      $0.head = try ClassificationHead(
        weight: .random(2, 16, key: 1), bias: .random(2, key: 2), classes: ["a", "b"])
    }
    expectNone("other names") { $0.classesFile = "names.txt" }
    expectNone("other prompts") { $0.prompts = "openai-7" }
    expectNone("a model that was changed") { $0.models[0].location = nil }
    try expectNone("a trained head") {
      $0.models[0].checkpoint.head = try ClassificationHead(
        weight: .random(2, 16, key: 1), bias: .random(2, key: 2), classes: ["a", "b"])
    }
    comparison.prompts = "openai-80"
    #expect(try comparison.published(on: [set], among: known).count == 1)
    for change in [
      { (set: inout Dataset) in set.expectedImages = 2 }, { $0.split = "train" },
      { $0.name = "imagenet" }, { $0.conditions["missing"] = .integer(1) },
    ] as [(inout Dataset) -> Void] {
      let before = set
      change(&set)
      #expect(try comparison.published(on: [set], among: known).isEmpty)
      set = before
    }
  }

  @Test func publishedNumbersAreFoundByTheRowsThatAreMeasured() throws {
    var set = try TinyStudy.testSet().dataset
    set.name = "imagenet-a"
    set.expectedImages = set.samples.count
    let comparison = ModelComparison(
      try ModelComparison.read([TinyStudy.model]), prompts: "openai-80",
      metrics: [.meanPerClass, .top1], context: RunContext())
    let known = [try release(of: "\(TinyStudy.model)/model.safetensors")]
    let numbers = try comparison.published(on: [set], among: known)
    let rows = try comparison.rows(on: [set])
    #expect(numbers.count == 1)
    #expect(rows.map { row in numbers.contains { $0.isOf(row) } } == [false, true])
  }
}
