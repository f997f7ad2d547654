import Basics
import FeatureProtection
import Foundation
import TestSupport
import Testing
import Torch

/// The table of methods and the small formulas behind them.
@Suite struct MethodTests {
  @Test func theTableHoldsThePapersMethods() throws {
    #expect(
      MethodTable.names == [
        "zero-shot", "linear-probe", "full", "l1", "l2", "kd", "lora", "wise-ft",
        "uniform-soup", "greedy-soup",
      ])
    #expect(MethodTable.compared == Array(MethodTable.names.prefix(8)))
    #expect(Set(MethodTable.names).count == MethodTable.all.count)
    for method in MethodTable.all {
      #expect(method.name.wholeMatch(of: /[a-z0-9]+(-[a-z0-9]+)*/) != nil)
      #expect(method.summary.hasSuffix(".") && !method.summary.contains("\n"))
      #expect(try MethodTable.method(method.name) == method)
      let settings = MethodSettings(method: method.name, values: method.defaults)
      _ = try method.recipe(settings)
      #expect(Set(method.defaults.keys).isDisjoint(with: TrainingSettings.keys))
      // A setting that is missing or of the wrong type is an error, never a crash.
      for key in method.defaults.keys {
        for wrong: JSONValue? in [nil, .bool(true), .object([:]), .number(.nan)] {
          var values = method.defaults
          values[key] = wrong
          expectProblem(.usage, containing: "\(method.name).\(key)") {
            try method.recipe(MethodSettings(method: method.name, values: values))
          }
        }
      }
    }
  }

  @Test func recipesSayWhatMoves() throws {
    func recipe(_ name: String) throws -> Recipe {
      let method = try MethodTable.method(name)
      return try method.recipe(MethodSettings(method: name, values: method.defaults))
    }
    #expect(try recipe("zero-shot").trainable == .nothing)
    #expect(try recipe("linear-probe").trainable == .head)
    for name in ["full", "l1", "l2", "kd"] { #expect(try recipe(name).trainable == .everything) }
    #expect(try recipe("l1").penalty == ReferencePenalty(l1: 1e-4))
    #expect(try recipe("l2").penalty == ReferencePenalty(l2: 1e-2))
    #expect(try recipe("kd").protections.count == 1 && recipe("full").protections.isEmpty)
    #expect(
      try recipe("lora").trainable
        == .lowRank(
          rank: 8, alpha: 16, targets: ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]))
    #expect(try recipe("wise-ft").afterwards == .interpolate(of: "full", alphas: [0.5]))
  }

  @Test func gridsOfAlpha() {
    let tenths = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
    let cases: [(JSONValue, [Double]?)] = [
      (.string("0:1:0.1"), tenths), (.string("0 : 1 : 0.5"), [0, 0.5, 1]),
      (.string("0:1:0.6"), [0, 0.6]), (.string("0:1:0.3"), [0, 0.3, 0.6, 0.9]),
      (.string("0.2:0.2:1"), [0.2]), (.string("-0.5:1.5:1"), [-0.5, 0.5, 1.5]),
      (.string("0, 0.5 ,1"), [0, 0.5, 1]), (.string("0.7"), [0.7]),
      (.number(0.3), [0.3]), (.integer(1), [1]),
      (.array([.integer(0), .number(0.5)]), [0, 0.5]),
      (.array([]), nil), (.array([.string("0")]), nil), (.null, nil), (.bool(true), nil),
      (.string(""), nil), (.string("a"), nil), (.string("1:0:0.1"), nil),
      (.string("0:1:0"), nil), (.string("0:1:-1"), nil), (.string("0:1"), nil),
      (.string("0:1:1e-9"), nil), (.string("nan"), nil), (.string("0:inf:1"), nil),
      (.integer(11), nil), (.number(.nan), nil), (.string("0,x"), nil),
    ]
    for (value, expected) in cases {
      #expect(AlphaGrid.values(value) == expected, "\(value)")
    }
  }

  @Test func patternsMatchWholeNames() {
    let name = "vision_model.encoder.layers.0.mlp.fc1.weight"
    func covers(_ include: [String], _ exclude: [String] = []) -> Bool {
      NamePatterns(include: include, exclude: exclude).covers(name)
    }
    #expect(covers([]) && covers(["*"]) && covers([name]) && covers(["vision_model.*"]))
    #expect(covers(["*.mlp.*"]) && covers(["*weight"]) && covers(["no", "*fc1*"]))
    #expect(covers(["vision*layers*fc1.weight"]) && covers(["**"]))
    #expect(!covers(["mlp"]) && !covers(["*.mlp"]) && !covers(["vision_model"]) && !covers([""]))
    #expect(!covers(["*fc2*"]) && !covers(["*weight*bias"]))
    #expect(!covers([], ["*"]) && !covers(["*"], ["*.fc1.*"]) && covers([], ["classification*"]))
  }

  @Test func scheduleWarmsUpAndFallsAsACosine() {
    func factors(_ steps: Int, _ warmup: Int) -> [Double] {
      let schedule = LearningRateSchedule(steps: steps, warmupSteps: warmup)
      return (0..<steps).map(schedule.factor)
    }
    let half = 0.5.squareRoot() / 2
    expectClose(factors(6, 2), [0.5, 1, 1, 0.5 + half, 0.5, 0.5 - half], relative: 1e-12)
    expectClose(factors(4, 0), [1, 0.5 + half, 0.5, 0.5 - half], relative: 1e-12)
    expectClose(factors(2, 4), [0.25, 0.5], relative: 1e-12)
    #expect(factors(1, 0) == [1] && factors(0, 0).isEmpty)
    #expect(factors(3, 3) == [1.0 / 3, 2.0 / 3, 1])
  }

  @Test(arguments: Distillation.Target.allCases)
  func distillationIsThatOfALoop(_ target: Distillation.Target) throws {
    let (rows, classes, width) = (3, 4, 5)
    let z = randomNumbers(rows * classes, key: 1).map { $0 * 3 }
    let z0 = randomNumbers(rows * classes, key: 2).map { $0 * 3 }
    let f = randomNumbers(rows * width, key: 3)
    let f0 = randomNumbers(rows * width, key: 4)
    let (strength, temperature) = (0.7, 2.5)
    let student = ClassifierOutput(
      features: try Tensor(f, shape: [rows, width]), logits: try Tensor(z, shape: [rows, classes]))
    let teacher = ClassifierOutput(
      features: try Tensor(f0, shape: [rows, width]),
      logits: try Tensor(z0, shape: [rows, classes]))
    let term = Distillation(strength: strength, on: target, temperature: temperature)
    let ours = try term.loss(student: student, teacher: teacher).item()

    func squares(_ a: [Float], _ b: [Float]) -> Double {
      zip(a, b).reduce(0) { $0 + pow(Double($1.0) - Double($1.1), 2) } / Double(rows)
    }
    let expected: Double
    switch target {
    case .features: expected = squares(f, f0)
    case .logits: expected = squares(z, z0)
    case .probabilities:
      expected =
        (0..<rows).reduce(0) { sum, row in
          let range = row * classes..<(row + 1) * classes
          let p = softmax(z0[range].map { Double($0) / temperature })
          let q = softmax(z[range].map { Double($0) / temperature })
          return sum + zip(p, q).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
        } / Double(rows) * temperature * temperature
    }
    expectClose(ours, strength * expected, relative: 1e-5)
    #expect(try abs(term.loss(student: teacher, teacher: teacher).item()) < 1e-6)
  }

  private func softmax(_ values: [Double]) -> [Double] {
    let exponentials = values.map(exp)
    return exponentials.map { $0 / exponentials.reduce(0, +) }
  }
}
