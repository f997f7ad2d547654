import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import TestSupport
import Testing
import Torch

/// Distances of features and weights against plain arithmetic on what the extractor gives.
@Suite struct ModelDriftTests {
  /// The tiny model, and one with other numbers in a layer, a projection and the class token.
  private static func models() throws -> (reference: Checkpoint, tuned: Checkpoint) {
    let reference = try Checkpoint.read(TinyStudy.model)
    var tuned = reference
    tuned.weights = try reference.weights.clone()
    for (index, name) in tuned.weights.names.enumerated()
    where name.contains("vision_model") && name.contains("layers.1.")
      || name.hasPrefix("visual_projection") || name.contains("class_embedding")
    {
      let tensor = try tuned.weights.tensor(name)
      let noise = try Tensor(
        randomNumbers(tensor.count, key: index), shape: tensor.shape)
      try tensor.copy(from: tensor + noise * 0.1)
    }
    return (reference, tuned)
  }

  private static func images() throws -> Dataset {
    try #require(
      DatasetSpecifier.parse(TinyStudy.images + "#train").open(for: .evaluation).first)
  }

  private typealias Rows = [[Double]]

  private func rows(_ checkpoint: Checkpoint, _ set: Dataset) throws -> Rows {
    let features = try FeatureExtractor(checkpoint, context: RunContext())
      .images(set.samples.map { "\(set.root)/\($0.path)" }).features
    let width = features.shape[1]
    let numbers = try features.elements(as: Float.self).map(Double.init)
    return stride(from: 0, to: numbers.count, by: width).map { Array(numbers[$0..<$0 + width]) }
  }

  private func product(_ one: [Double], _ other: [Double]) -> Double {
    zip(one, other).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private func length(_ row: [Double]) -> Double { product(row, row).squareRoot() }

  private func centred(_ rows: Rows) -> Rows {
    let means = rows[0].indices.map { column in
      rows.reduce(0) { $0 + $1[column] } / Double(rows.count)
    }
    return rows.map { zip($0, means).map { $0 - $1 } }
  }

  /// Linear CKA by the similarities of images: ⟨XXᵀ, YYᵀ⟩ / (‖XXᵀ‖ · ‖YYᵀ‖).
  private func alignment(_ x: Rows, _ y: Rows) -> Double {
    let (x, y) = (centred(x), centred(y))
    let one = x.flatMap { row in x.map { product(row, $0) } }
    let other = y.flatMap { row in y.map { product(row, $0) } }
    return product(one, other) / (length(one) * length(other))
  }

  @Test(arguments: [128, 7])
  func featuresAreComparedImageByImage(_ batchSize: Int) throws {
    let (reference, tuned) = try Self.models()
    let set = try Self.images()
    let drift = try ModelDrift(
      from: reference, to: tuned, batchSize: batchSize, context: RunContext())
    let found = try #require(drift.features(on: [set]).first)
    #expect(found.set == set.name && found.skipped == 0 && found.drift.images == 26)
    let (x, y) = try (rows(reference, set), rows(tuned, set))
    let distances = zip(x, y).map { length(zip($0, $1).map { $1 - $0 }) }
    let cosines = zip(x, y).map { product($0, $1) / (length($0) * length($1)) }
    let unit = cosines.map { max(2 - 2 * $0, 0).squareRoot() }
    for (mean, values) in [
      (found.drift.distance, distances), (found.drift.unitDistance, unit),
      (found.drift.cosine, cosines),
    ] {
      let count = Double(values.count)
      let average = values.reduce(0, +) / count
      let variance = values.reduce(0) { $0 + ($1 - average) * ($1 - average) } / (count - 1)
      let half = 1.959964 * (variance / count).squareRoot()
      expectClose(mean.value, average, relative: 1e-5)
      let ends = try #require(mean.ci95)
      expectClose(ends[1] - ends[0], 2 * half, relative: 1e-3)
      expectClose((ends[0] + ends[1]) / 2, mean.value, relative: 1e-9)
      #expect(half > 0)
    }
    let cka = try #require(found.drift.cka)
    expectClose(cka, alignment(x, y), relative: 1e-5)
    #expect(cka > 0.05 && cka < 0.999)
  }

  @Test func aModelDoesNotDriftFromItself() throws {
    let reference = try Self.models().reference
    let drift = try ModelDrift(from: reference, to: reference, context: RunContext())
    let found = try #require(drift.features(on: [Self.images()]).first).drift
    #expect(found.distance.value == 0 && found.unitDistance.value == 0)
    expectClose(found.cosine.value, 1, relative: 1e-12)
    expectClose(try #require(found.cka), 1, relative: 1e-12)
    #expect(try drift.weights().allSatisfy { $0.distance == 0 })
  }

  /// A projection that is scaled moves features and not their arrangement.
  @Test func alignmentDoesNotSeeScale() throws {
    let reference = try Self.models().reference
    var scaled = reference
    scaled.weights = try reference.weights.clone()
    let projection = try scaled.weights.tensor("visual_projection.weight")
    try projection.copy(from: projection * 3)
    let drift = try ModelDrift(from: reference, to: scaled, context: RunContext())
    let found = try #require(drift.features(on: [Self.images()]).first).drift
    expectClose(try #require(found.cka), 1, relative: 1e-6)
    expectClose(found.cosine.value, 1, relative: 1e-6)
    #expect(found.distance.value > 0.1 && found.unitDistance.value < 1e-3)
  }

  @Test func weightsAreComparedByLayer() throws {
    var (reference, tuned) = try Self.models()
    let head = try ClassificationHead(
      weight: Tensor.full([2, 24], 1), bias: Tensor.zeros([2]), classes: ["a", "b"])
    reference.head = head
    tuned.head = try ClassificationHead(
      weight: Tensor.full([2, 24], 1.5), bias: Tensor.zeros([2]), classes: ["a", "b"])
    let parts = try ModelDrift(from: reference, to: tuned, context: RunContext()).weights()
    #expect(parts.first?.name == "all" && parts.last?.name == "head")
    var squares: [String: (moved: Double, start: Double)] = [:]
    for name in reference.weights.names {
      let start = try reference.weights.tensor(name).elements(as: Float.self).map(Double.init)
      let end = try tuned.weights.tensor(name).elements(as: Float.self).map(Double.init)
      let moved = zip(start, end).map { Double(Float($1) - Float($0)) }
      let pieces = name.split(separator: ".")
      let layer = pieces.firstIndex(of: "layers").map { pieces[...($0 + 1)].joined(separator: ".") }
      let known = squares[layer ?? name] ?? (0, 0)
      squares[layer ?? name] = (
        known.moved + product(moved, moved), known.start + product(start, start)
      )
    }
    squares["head"] = (48 * 0.25, 48)
    #expect(Set(parts.dropFirst().map(\.name)) == Set(squares.keys))
    squares["all"] = squares.values.reduce((0, 0)) { ($0.0 + $1.moved, $0.1 + $1.start) }
    for part in parts {
      let expected = try #require(squares[part.name])
      expectClose(
        part.distance, expected.moved.squareRoot(), relative: 1e-6, absolute: 1e-12)
      if expected.start > 0 {
        let relative = try #require(part.relative)
        expectClose(
          relative, (expected.moved / expected.start).squareRoot(), relative: 1e-6,
          absolute: 1e-12)
      } else {
        #expect(part.relative == nil)
      }
    }
    let moved = Set(parts.filter { $0.distance > 0 }.map(\.name))
    #expect(
      moved == [
        "all", "head", "vision_model.encoder.layers.1", "visual_projection.weight",
        "vision_model.embeddings.class_embedding",
      ])
  }

  @Test func whatDoesNotFitIsSaid() throws {
    let (reference, _) = try Self.models()
    let other = try Checkpoint.read(Fixtures.path("towers/tiny-gelu"))
    expectProblem(.badData, containing: "architecture") {
      try ModelDrift(from: reference, to: other, context: RunContext())
    }
    var blurred = reference
    blurred.files["preprocessor_config.json"] = Data(
      #"{"crop_size": 32, "size": 32, "image_mean": [0.5, 0.5, 0.5], "image_std": [1, 1, 1]}"#.utf8)
    expectProblem(.badData, containing: "preprocessing differs") {
      try ModelDrift(from: reference, to: blurred, context: RunContext())
    }
  }
}
