import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import TestSupport
import Testing
import Torch

/// Model soups in a comparison.
@Suite struct SoupTests {
  private static let grid: [String: JSONValue] = [
    "methods": .array([.string("full"), .string("uniform-soup"), .string("greedy-soup")]),
    "full": .object(["lr": .array([.number(1e-4), .number(1e-3), .number(3e-3)])]),
  ]

  @Test func aUniformSoupIsTheMeanOfAllVariants() throws {
    try withTemporaryFolder { folder in
      let study = try TinyStudy.study(Self.grid, output: folder)
      let rows = try study.run()
      let soups = rows.filter { $0.method == "uniform-soup" }
      #expect(soups.count == study.materials.evaluationSets.count)
      #expect(soups.allSatisfy { $0.setting == ["models": .integer(3)] })
      // Trained anew, one by one, and averaged here.
      var models: [Weights] = []
      for rate in [1e-4, 1e-3, 3e-3] {
        let alone = try TinyStudy.study(
          ["methods": .array([.string("full")]), "lr": .number(rate)], output: folder + "/alone")
        _ = try alone.run()
        models.append(
          try Checkpoint.read(folder + "/alone/checkpoints/full-seed0").weights)
      }
      let expected = try Weights.mean(models).buffer.elements(as: Float.self)
      let soup = try Checkpoint.read(folder + "/checkpoints/uniform-soup-seed0").weights
      expectClose(
        try soup.buffer.elements(as: Float.self), expected, relative: 1e-6, absolute: 1e-7)
    }
  }

  @Test func aGreedySoupIsNoWorseOnValidationThanItsBestIngredient() throws {
    let rows = try TinyStudy.study(Self.grid).run()
    func validation(_ method: String) -> [Double] {
      rows.filter { $0.method == method && $0.role == .validation && $0.selectedOn == nil }
        .map(\.value)
    }
    let ingredients = validation("full")
    #expect(ingredients.count == 3)
    let greedy = try #require(rows.first { $0.method == "greedy-soup" && $0.role == .validation })
    #expect(greedy.value >= ingredients.max() ?? 1)
    let count = try #require(greedy.setting["models"]?.int)
    #expect((1...3).contains(count))
    if count == 1 {
      #expect(rows.contains { $0.method == "full" && $0.weights == greedy.weights })
    }
  }

  @Test func aSoupTrainsItsIngredientsWhereTheyAreNotReported() throws {
    var changes = Self.grid
    changes["methods"] = .array([.string("greedy-soup")])
    let alone = try TinyStudy.study(changes).run()
    let beside = try TinyStudy.study(Self.grid).run().filter { $0.method == "greedy-soup" }
    #expect(!alone.isEmpty && alone.map(\.weights) == beside.map(\.weights))
  }

  @Test func aSoupNeedsSeveralModelsThatTrain() throws {
    var changes = Self.grid
    changes["full"] = .object(["lr": .number(1e-4)])
    expectProblem(.usage, containing: "uniform-soup of full", "one model") {
      try TinyStudy.study(changes).run()
    }
    changes["uniform-soup"] = .object(["of": .string("wise-ft")])
    expectProblem(.usage, containing: "uniform-soup.of") { try TinyStudy.study(changes) }
  }
}
