import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import TestSupport
import Testing
import Torch

/// Comparisons end to end: all methods on the tiny CLIP.
@Suite struct StudyTests {
  static let full: [String: JSONValue] = [
    "seeds": .integer(2), "wise-ft": .object(["alpha": .string("0:1:0.5")]),
    "l2": .object(["strength": .array([.number(0.01), .integer(1)])]),
    "lora": .object(["rank": .integer(2)]),
  ]

  /// A row without what names it, to compare measurements.
  private func numbers(_ rows: [ResultRow]) -> [String] {
    rows.map { "\($0.seed) \($0.set) \($0.role) \($0.value) \($0.n) \($0.ci95) \($0.weights)" }
  }

  private func lines(_ rows: [ResultRow]) throws -> [String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try rows.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
  }

  @Test func allMethodsEndToEnd() throws {
    try withTemporaryFolder { folder in
      let log = EventLog()
      let study = try TinyStudy.study(Self.full, output: folder, context: log.context())
      let rows = try study.run()
      #expect(rows == study.measurements)
      let reported = log.events.compactMap { if case .measured(let row) = $0 { row } else { nil } }
      #expect(reported == rows)
      try checkCompleteness(rows)
      try checkPath(rows)
      try checkSelection(rows)
      try checkCheckpoints(study, rows, in: folder)
      let again = try TinyStudy.study(Self.full).run()
      #expect(try lines(again) == lines(rows))
    }
  }

  private func checkCompleteness(_ rows: [ResultRow]) throws {
    let settings: [String: [[String: JSONValue]]] = [
      "l2": [["l2.strength": .number(0.01)], ["l2.strength": .integer(1)]],
      "wise-ft": [0, 0.5, 1].map { ["alpha": .number($0)] },
    ]
    let sets: [(String, ResultRow.Role, Int)] = [
      ("images#held-out", .validation, 5), ("images", .inDistribution, 9),
      ("images", .outOfDistribution, 26),
    ]
    var expected = 0
    for method in MethodTable.compared {
      for seed in 0..<2 {
        for setting in settings[method] ?? [[:]] {
          for (set, role, count) in sets {
            let found = rows.filter {
              $0.method == method && $0.seed == seed && $0.setting == setting && $0.set == set
                && $0.role == role && $0.selectedOn == nil
            }
            #expect(found.count == 1, "\(method) \(seed) \(setting) \(set) \(role)")
            #expect(found.first?.n == count && found.first?.metric == "top1")
            expected += 1
          }
        }
      }
    }
    #expect(rows.count { $0.selectedOn == nil } == expected)
    for row in rows {
      #expect((0...1).contains(row.value) && row.ci95[0] <= row.value && row.value <= row.ci95[1])
      #expect(row.recipe.hasPrefix("sha256:") && row.weights.hasPrefix("sha256:"))
      #expect(row.skipped == nil)
    }
    // Weights differ between seeds of trained methods and between methods.
    let weights = Dictionary(grouping: rows) { "\($0.method)\($0.setting)" }
      .mapValues { Set($0.map(\.weights)).count }
    #expect(weights["zero-shot[:]"] == 1 && weights["full[:]"] == 2 && weights["kd[:]"] == 2)
    let recipes = Set(
      rows.map { "\($0.method) \($0.setting["l2.strength"] ?? .null) \($0.recipe)" })
    #expect(recipes.count == MethodTable.compared.count + 1)
  }

  private func checkPath(_ rows: [ResultRow]) throws {
    func path(_ alpha: Double) -> [ResultRow] {
      rows.filter {
        $0.method == "wise-ft" && $0.setting["alpha"]?.double == alpha && $0.selectedOn == nil
      }
    }
    #expect(numbers(path(0)) == numbers(rows.filter { $0.method == "zero-shot" }))
    #expect(numbers(path(1)) == numbers(rows.filter { $0.method == "full" }))
    #expect(Set(path(0.5).map(\.weights)).isDisjoint(with: (path(0) + path(1)).map(\.weights)))
  }

  private func checkSelection(_ rows: [ResultRow]) throws {
    let selected = rows.filter { $0.selectedOn != nil }
    #expect(selected.count == 2 * 2 * 3)
    #expect(Set(selected.map(\.method)) == ["l2", "wise-ft"])
    for row in selected {
      #expect(row.selectedOn == "images#held-out")
      var plain = row
      plain.selectedOn = nil
      #expect(rows.contains(plain))
    }
    for (method, seed) in [("l2", 0), ("l2", 1), ("wise-ft", 0), ("wise-ft", 1)] {
      let own = rows.filter {
        $0.method == method && $0.seed == seed && $0.role == .validation
      }
      let best = own.filter { $0.selectedOn == nil }.map(\.value).max()
      #expect(own.first { $0.selectedOn != nil }?.value == best)
    }
  }

  private func checkCheckpoints(_ study: Study, _ rows: [ResultRow], in folder: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/checkpoints")
    // The zero-shot model is the same for every seed.
    let trained = MethodTable.compared.dropFirst().flatMap { ["\($0)-seed0", "\($0)-seed1"] }
    #expect(Set(names) == Set(trained + ["zero-shot-seed0"]))
    let evaluator = Evaluator(preprocessing: study.materials.preprocessing)
    for name in names {
      let checkpoint = try Checkpoint.read("\(folder)/checkpoints/\(name)")
      let classifier = try ImageClassifier(checkpoint, head: try #require(checkpoint.head))
      let digest = try classifier.weights.digest()
      let own = rows.filter {
        name == "\($0.method)-seed\($0.seed)" && $0.weights == digest && $0.selectedOn == nil
      }
      #expect(own.count == 3, "\(name)")
      for (set, row) in zip(study.materials.evaluationSets, own) {
        #expect(try evaluator.predictions(of: classifier, on: set).top1 == row.value, "\(name)")
      }
      #expect(!checkpoint.files.isEmpty)
      // Whoever has the checkpoint has its settings in full, and can hold them to the results.
      let path = "\(folder)/checkpoints/\(name)/model.safetensors"
      let text = try #require(try SafetensorsFile(path: path).metadata["settings"])
      #expect(own.allSatisfy { $0.recipe == SHA256.name(of: Data(text.utf8)) })
      let settings = try JSONValue.parse(Data(text.utf8), source: path)
      #expect(settings["training"]?["lr"]?.double == 1e-3)
    }
    let layout = study.materials.reference.weights.layout
    let adapter = "\(folder)/checkpoints/lora-seed1/adapter"
    #expect(try LowRankAdapters.read(adapter, for: layout).rank == 2)
  }

  /// Images times models that a comparison scores, with its rows.
  private func scored(_ methods: String...) throws -> (count: Int, rows: [ResultRow]) {
    let ledger = TimeLedger()
    let study = try TinyStudy.study(
      [
        "methods": .array(methods.map(JSONValue.string)), "seeds": .integer(2),
        "check": .bool(false), "wise-ft": .object(["alpha": .string("0:1:0.5")]),
      ], context: RunContext(ledger: ledger))
    let rows = try study.run()
    return (ledger.profile.scoredImages, rows)
  }

  @Test func noWeightsAreScoredTwice() throws {
    // The sets have 5, 9 and 26 images.
    let fast = try scored("zero-shot", "full", "wise-ft")
    let plain = try FastPaths.off { try scored("zero-shot", "full", "wise-ft") }
    // The reference once; for each seed the tuned model, and of three points the one between.
    #expect(fast.count == 40 * (1 + 2 * (1 + 1)))
    #expect(plain.count == 40 * (1 + 2 * (1 + 3)))
    #expect(fast.rows.count == plain.rows.count && fast.rows.count >= 3 * (2 + 2 + 6))
    for (one, other) in zip(fast.rows, plain.rows) {
      #expect((one.method, one.set, one.seed) == (other.method, other.set, other.seed))
      #expect(one.setting == other.setting && one.selectedOn == other.selectedOn)
    }
    // A path alone trains its end without reporting it, and its ends are scored once.
    #expect(try scored("wise-ft").count == 40 * 2 * 3)
  }

  /// The ends of a path have the very rows of what they are.
  @Test func theEndsOfAPathAreKnown() throws {
    let rows = try scored("zero-shot", "full", "wise-ft").rows.filter { $0.selectedOn == nil }
    for (method, alpha) in [("zero-shot", 0.0), ("full", 1.0)] {
      let own = rows.filter { $0.method == method }
      let end = rows.filter { $0.setting["alpha"] == .number(alpha) }
      #expect(own.count == 6 && numbers(end) == numbers(own))
    }
  }

  @Test func aPathMayLeadToAnyMethod() throws {
    let methods = { (names: [String]) in JSONValue.array(names.map(JSONValue.string)) }
    let direct = try TinyStudy.study(["methods": methods(["l2"])]).run()
    let log = EventLog()
    let path = try TinyStudy.study(
      [
        "methods": methods(["wise-ft"]),
        "wise-ft": .object(["of": .string("l2"), "alpha": .integer(1)]),
      ], context: log.context()
    ).run()
    #expect(Set(path.map(\.method)) == ["wise-ft"])
    #expect(path.allSatisfy { $0.setting == ["alpha": .number(1)] && $0.selectedOn == nil })
    #expect(numbers(path) == numbers(direct))
    #expect(log.steps.count == 3 && log.steps.allSatisfy { $0.method == "l2" })
  }

  @Test func severalPathsAreVariantsOfWhichOneIsChosen() throws {
    let names: [JSONValue] = [.string("full"), .string("l1")]
    let rows = try TinyStudy.study([
      "methods": .array(names + [.string("wise-ft")]),
      "wise-ft": .object(["of": .array(names), "alpha": .array([.integer(0), .integer(1)])]),
    ]).run()
    for method in ["full", "l1"] {
      let end = rows.filter {
        $0.setting == ["wise-ft.of": .string(method), "alpha": .number(1)] && $0.selectedOn == nil
      }
      #expect(numbers(end) == numbers(rows.filter { $0.method == method }))
    }
    #expect(rows.count { $0.selectedOn != nil } == 3)
    #expect(rows.count == 2 * 3 + 4 * 3 + 3)
  }

  @Test func recipesKnowWhatWasInterpolated() throws {
    func recipes(_ rate: Double) throws -> Set<String> {
      let rows = try TinyStudy.study([
        "methods": .array([.string("wise-ft")]), "full": .object(["lr": .number(rate)]),
        "steps": .integer(1),
      ]).run()
      return Set(rows.map(\.recipe))
    }
    #expect(try recipes(1e-3).count == 1)
    #expect(try recipes(1e-3).isDisjoint(with: recipes(1e-4)))
  }

  @Test func conditionsOfTheDataAreInEveryRow() throws {
    let configuration = try TinyStudy.configuration([
      "methods": .array([.string("zero-shot"), .string("full"), .string("wise-ft")]),
      "metrics": .array([.string("macro-f1"), .string("top1")]), "steps": .integer(1),
      "wise-ft": .object(["alpha": .string("0:1:0.5")]),
    ])
    var materials = try TinyStudy.materials(configuration)
    materials.trainingSet.dataset.conditions = ["missing": .integer(2)]
    let rows = try Study(configuration, materials, context: RunContext()).run()
    let train = JSONValue.object(["missing": .integer(2)])
    #expect(!rows.isEmpty && rows.allSatisfy { $0.data == ["train": train] })
    #expect(rows.count { $0.metric == "top1" } * 2 == rows.count)
    #expect(rows.count { $0.selectedOn != nil } == 2 * 3)
  }

  @Test func withoutRunFolderOrCheckpointsNothingIsWritten() throws {
    try withTemporaryFolder { folder in
      _ = try TinyStudy.study(
        ["methods": .array([.string("full")]), "checkpoints": .bool(false)], output: folder
      ).run()
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test func aLongWarmUpIsWarnedOf() throws {
    let log = EventLog()
    _ = try TinyStudy.study(
      ["methods": .array([.string("full")]), "warmup-steps": .integer(3)], context: log.context()
    ).run()
    let warnings = log.events.compactMap { if case .warning(let text) = $0 { text } else { nil } }
    #expect(warnings.count == 1 && warnings[0].contains("warmup-steps 3"))
  }

  @Test func aStopKeepsWhatWasMeasured() throws {
    let stop = StopRequest()
    let context = RunContext(stop: stop) { event in
      if case .step = event { stop.request(signal: SIGINT) }
    }
    let study = try TinyStudy.study(context: context)
    expectProblem(.interrupted) { try study.run() }
    #expect(study.measurements.count == 3)
    #expect(study.measurements.allSatisfy { $0.method == "zero-shot" })
  }
}
