import Basics
import CLIP
import FeatureProtection
import Foundation
import TestSupport
import Testing
import Torch

/// Arithmetic on whole checkpoints, and configurations made from others.
@Suite struct AveragingTests {
  /// The tiny model with a head of given numbers and everything else scaled.
  static func checkpoint(
    scale: Double = 1, classes: [String]? = ["a", "b"]
  ) throws -> Checkpoint {
    var checkpoint = try Checkpoint.read(Fixtures.path("towers/tiny-quickgelu"))
    checkpoint.weights = try checkpoint.weights * scale
    if let classes {
      checkpoint.head = try ClassificationHead(
        weight: Tensor.full([classes.count, 24], scale), bias: Tensor.zeros([classes.count]),
        classes: classes)
    }
    return checkpoint
  }

  @Test func theHeadTakesPart() throws {
    let ends = try (Self.checkpoint(), Self.checkpoint(scale: 3))
    let half = try Checkpoint.interpolated(from: ends.0, to: ends.1, alpha: 0.5)
    #expect(try half.head?.weight.elements(as: Float.self).allSatisfy { $0 == 2 } == true)
    let soup = try Checkpoint.uniformSoup([ends.0, ends.1])
    #expect(try soup.head?.weight.elements(as: Float.self).allSatisfy { $0 == 2 } == true)
    for (alpha, end) in [(0.0, ends.0), (1.0, ends.1)] {
      let point = try Checkpoint.interpolated(from: ends.0, to: ends.1, alpha: alpha)
      #expect(try point.weights.digest() == end.weights.digest())
    }
  }

  @Test func whatDoesNotFitIsSaid() throws {
    let one = try Self.checkpoint()
    for other in [
      try Self.checkpoint(classes: ["a", "c"]), try Self.checkpoint(classes: nil),
    ] {
      expectProblem(.badData, containing: "different classes") {
        try Checkpoint.interpolated(from: one, to: other, alpha: 0.5)
      }
    }
    var other = try Checkpoint.read(Fixtures.path("towers/tiny-gelu"))
    other.head = one.head
    expectProblem(.badData, containing: "architecture") {
      try Checkpoint.uniformSoup([one, other])
    }
    expectProblem(.usage, containing: "no checkpoints") { try Checkpoint.uniformSoup([]) }
  }

  @Test func aMissingHeadIsMadeFromPrompts() throws {
    let plain = try Self.checkpoint(classes: nil)
    let tuned = try Self.checkpoint(classes: ["owl", "red kite"])
    let pair = try Checkpoint.withHeads([plain, tuned], prompts: "simple", RunContext())
    #expect(pair[0].head?.classes == ["owl", "red kite"])
    let none = try Checkpoint.withHeads([plain, plain], prompts: "simple", RunContext())
    #expect(none.allSatisfy { $0.head == nil })
  }

  @Test func pathsSpreadAroundTheConfiguredStrength() throws {
    let configuration = try StudyConfiguration([
      .object([
        "methods": .array(["full", "l1", "kd", "lora"].map(JSONValue.string)),
        "l1": .object(["strength": .number(1e-4)]),
        "kd": .object(["strength": .array([.integer(1), .integer(2)])]),
      ])
    ])
    let paths = configuration.paths
    #expect(
      paths["l1"]?["strength"]?.array?.compactMap(\.double) == [1e-5, 3e-5, 1e-4, 3e-4, 1e-3])
    #expect(paths["kd"] == nil && paths["l2"] == nil)
    #expect(paths["lora"]?["rank"]?.array?.compactMap(\.int) == [1, 2, 4, 8, 16])
  }

  @Test func theDemonstrationIsAValidConfiguration() throws {
    let demo = try StudyConfiguration([StudyConfiguration.demo])
    #expect(demo.methodNames == MethodTable.compared)
    #expect(try demo.seeds.count == 3)
    #expect(demo.evaluationData(.outOfDistribution).count == 5)
    _ = try StudyConfiguration([StudyConfiguration.demo, demo.paths])
  }

  @Test func theEnvironmentSaysWhereItRan() {
    let facts = RunEnvironment.describe(RunContext(loaderThreads: 3), arguments: ["holdfast", "x"])
    #expect(facts["loader_threads"] == .integer(3))
    #expect(facts["libtorch"] == .string(Machine.libtorchVersion))
    #expect(facts["command"] == .array([.string("holdfast"), .string("x")]))
    #expect(facts["exact"] == .bool(false))
    let plain = FastPaths.off { RunEnvironment.describe(RunContext()) }
    #expect(plain["exact"] == .bool(true))
    #expect(facts["device"] == .string("cpu") && facts["precision"] == .string("fp32"))
  }
}
