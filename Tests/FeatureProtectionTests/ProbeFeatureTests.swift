import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import TestSupport
import Testing
import Torch

/// Linear probes before and after the projection: `linear-probe.features`.
@Suite struct ProbeFeatureTests {
  private static let pooled: [String: JSONValue] = [
    "linear-probe": .object(["features": .string("pooled")])
  ]

  private func methods(_ names: String..., more: [String: JSONValue] = [:]) -> [String: JSONValue] {
    Self.pooled.merging(["methods": .array(names.map(JSONValue.string))]) { $1 }
      .merging(more) { $1 }
  }

  private func values(_ rows: [ResultRow], _ method: String, _ alpha: Double? = nil) -> [Double] {
    rows.filter {
      $0.method == method && $0.selectedOn == nil
        && (alpha == nil || $0.setting["alpha"]?.double == alpha)
    }.map(\.value)
  }

  @Test func theProjectionLeadsFromOneToTheOther() throws {
    let (reference, _) = try TrajectoryTests.start()
    let tower = try VisionTower(reference.architecture, reference.weights)
    let inputs = try SafetensorsFile(path: "\(TinyStudy.model).outputs.safetensors")
    let pixels = try inputs.tensor("pixel_values")
    let pooled = try tower(pixels, .pooled)
    #expect(pooled.shape[1] == reference.architecture.width(of: .pooled))
    #expect(pooled.shape[1] != reference.architecture.projectionWidth)
    let projected = try pooled.linear(reference.weights.tensor("visual_projection.weight"))
    #expect(
      try projected.elements(as: Float.self) == tower(pixels).elements(as: Float.self))
  }

  @Test func theStartRanksAsTheZeroShotHead() throws {
    let rows = try TinyStudy.study(
      methods("zero-shot", "linear-probe", more: ["steps": .integer(0)])
    ).run()
    #expect(values(rows, "linear-probe") == values(rows, "zero-shot"))
    #expect(values(rows, "zero-shot").count == 3)
  }

  @Test func theyAreTrainedInterpolatedSavedAndReadAgain() throws {
    try withTemporaryFolder { folder in
      let changes = methods(
        "zero-shot", "linear-probe", "wise-ft",
        more: [
          "lr": .number(0.5), "steps": .integer(8),
          "wise-ft": .object(["of": .string("linear-probe"), "alpha": .string("0:1:0.5")]),
          "data": .object(["general": .array([.string(TinyStudy.images)])]),
        ])
      let rows = try TinyStudy.study(changes, output: folder).run()
      let (probe, start) = (values(rows, "linear-probe"), values(rows, "zero-shot"))
      // A set of another task keeps its own head, on the projected features of the same tower.
      #expect(probe.count == 4 && probe.last == start.last)
      #expect(Set(probe) != Set(start))
      #expect(values(rows, "wise-ft", 0) == start && values(rows, "wise-ft", 1) == probe)

      let path = "\(folder)/checkpoints/linear-probe-seed0"
      let checkpoint = try Checkpoint.read(path)
      let head = try #require(checkpoint.head)
      #expect(head.features == .pooled && head.origin == "zero-shot")
      #expect(head.weight.shape == [3, checkpoint.architecture.width(of: .pooled)])
      // The tower is as it was, and so is the text tower.
      let original = try Checkpoint.read(TinyStudy.model)
      #expect(try changedNames(checkpoint.weights, original.weights).isEmpty)
      let set = try TinyStudy.testSet()
      let model = try ImageClassifier(checkpoint, head: head)
      let again = try Evaluator(preprocessing: StudyMaterials.preprocessing(of: checkpoint))
        .predictions(of: model, on: set)
      #expect(again.top1 == probe[1])
      let predictor = try ImagePredictor(checkpoint, classes: nil, context: RunContext())
      let answers = try predictor.answers(set.dataset.samples.map { set.dataset.path(of: $0) })
      #expect(
        answers.answers.map(\.ranking[0]) == again.predicted && !again.predicted.isEmpty)
    }
  }

  @Test func headsOfBothKindsDoNotMix() throws {
    let (reference, set) = try TrajectoryTests.start()
    let pooled = try reference.over(.pooled)
    #expect(try pooled.over(.pooled).weights.digest() == pooled.weights.digest())
    expectProblem(.badData, containing: "stands on projected features") {
      try InterpolationPath(from: reference, to: pooled)
    }
    // What trains the tower needs the features that the tower ends in.
    expectProblem(.usage, containing: "the head stands on pooled features") {
      try Trainer(Recipe(.everything), settings: TinyStudy.settings()).train(pooled, on: set)
    }
    var one = try Checkpoint.read(TinyStudy.model)
    var other = one
    one.head = try reference.head()
    other.head = try pooled.head()
    expectProblem(.badData, containing: "one head stands on pooled features") {
      try Checkpoint.interpolated(from: one, to: other, alpha: 0.5)
    }
    // Where there is no head, one of the other's kind is made.
    one.head = nil
    let pair = try Checkpoint.withHeads([one, other], prompts: "simple", RunContext())
    #expect(pair[0].head?.features == .pooled)
    #expect(try Checkpoint.uniformSoup(pair).head?.features == .pooled)
  }

  @Test func otherWordsAreNamed() throws {
    expectProblem(.usage, containing: "linear-probe.features") {
      try TinyStudy.configuration(["linear-probe": .object(["features": .string("raw")])])
    }
    try withTemporaryFolder { folder in
      let path = "\(folder)/head.safetensors"
      try SafetensorsFile.write(
        [("weight", .random(1, 4, key: 1)), ("bias", .random(1, key: 2))],
        metadata: ["classes": "[\"a\"]", "features": "raw"], to: path)
      expectProblem(.badData, containing: path, "the features as raw") {
        try ClassificationHead.read(path)
      }
    }
  }
}
