import Basics
import CLIP
import FeatureProtection
import TestSupport
import Testing
import Torch

/// Points between two classifiers, and digests that tell them apart.
@Suite struct InterpolationPathTests {
  @Test func pathsEndInTheirEndsBitForBit() throws {
    let ends = try TinyStudy.classifiers(2)
    let path = try InterpolationPath(from: ends[0], to: ends[1])
    #expect(try path.point(0).weights.digest() == ends[0].weights.digest())
    #expect(try path.point(1).weights.digest() == ends[1].weights.digest())
    let name = ClassificationHead.biasName
    let bias = try path.point(0.25).weights.tensor(name).elements(as: Float.self)
    let start = try ends[0].weights.tensor(name).elements(as: Float.self)
    let end = try ends[1].weights.tensor(name).elements(as: Float.self)
    expectClose(bias, zip(start, end).map { 0.75 * $0 + 0.25 * $1 }, relative: 1e-6)
    let alphas = [0, 0.3, 1, 0.6]
    let set = try TinyStudy.testSet()
    let together = try TinyStudy.evaluator(batchSize: 2, byteLimit: 1).predictions(
      of: path.candidates(alphas), on: set)
    let apart = try alphas.map {
      try TinyStudy.evaluator().predictions(of: path.point($0), on: set)
    }
    #expect(together == apart)
  }

  @Test func pathsNeedTheSameClassesAndArchitecture() throws {
    let start = try TinyStudy.classifiers(1)[0]
    var other = start
    other.classes[0] = "ostrich"
    expectProblem(.badData, containing: "different classes") {
      try InterpolationPath(from: start, to: other)
    }
    other = start
    other.architecture = other.architecture.with(.gelu)
    expectProblem(.badData, containing: "activation") {
      try InterpolationPath(from: start, to: other)
    }
    let fewer = try ImageClassifier(
      Checkpoint.read(TinyStudy.model),
      head: ClassificationHead(
        weight: .random(2, 24, key: 1), bias: .random(2, key: 1), classes: ["a", "b"]))
    expectProblem(.badData, containing: "different classes (3 and 2)") {
      try InterpolationPath(from: start, to: fewer)
    }
  }

  @Test func digestsTellEveryBit() throws {
    let weights = try TinyStudy.classifiers(1)[0].weights
    let digest = try weights.digest()
    #expect(digest.hasPrefix("sha256:") && digest.count == 7 + 64)
    #expect(try weights.clone().digest() == digest)
    let changed = try weights.clone()
    let bias = try changed.tensor(ClassificationHead.biasName)
    try bias.fill(with: -0.0)
    #expect(try changed.digest() != digest)
  }
}
