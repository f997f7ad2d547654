import Basics
import Reporting
import Testing

@Suite struct SummaryTests {
  private let small = Summary(SampleComparison.small)
  private let full = Summary(SampleComparison.full)

  @Test func theMainTableAsMarkdown() {
    #expect(
      small.mainTable.markdown == """
        | Method | real (ID) | sketch | clipart | OOD mean |
        | --- | ---: | ---: | ---: | ---: |
        | Zero-shot † | 75.0 ± 2.7 | 80.0 ± 2.5 | 70.0 ± 2.8 | 75.0 ± 1.9 |
        | Full fine-tuning | 95.0 ± 2.5 | 72.0 ± 5.0 | 62.0 ± 5.0 | 67.0 ± 5.0 |
        | WiSE-FT α = 0.5 | **95.3 ± 1.4** | 86.3 ± 3.8 | 77.3 ± 5.2 | **81.8 ± 4.4** |

        """)
  }

  @Test func theNumbersAsCSV() {
    #expect(
      small.numbersTable.csv.replacing("\r\n", with: "\n") == """
        method,label,seeds,interval,mini/real top1,mini/real top1 half-ci95,\
        mini/sketch top1,mini/sketch top1 half-ci95,mini/clipart top1,mini/clipart top1 half-ci95,\
        ood-mean top1,ood-mean top1 half-ci95
        zero-shot,Zero-shot,1,images,75.0,2.7,80.0,2.5,70.0,2.8,75.0,1.9
        full,Full fine-tuning,3,seeds,95.0,2.5,72.0,5.0,62.0,5.0,67.0,5.0
        wise-ft,WiSE-FT α = 0.5,3,seeds,95.3,1.4,86.3,3.8,77.3,5.2,81.8,4.4

        """)
  }

  @Test func gainsArePairedBySeed() throws {
    #expect(
      try #require(small.gainTable(over: "full")).markdown == """
        | Method | ID | OOD mean |
        | --- | ---: | ---: |
        | Zero-shot | −20.0 ± 2.5 | +8.0 ± 5.0 |
        | WiSE-FT α = 0.5 | +0.3 ± 1.4 | +14.8 ± 0.7 |

        """)
    #expect(try #require(small.gainTable(over: "zero-shot")).rows.count == 2)
    #expect(small.gainTable(over: "l1") == nil)
  }

  @Test func captionSaysWhatTheIntervalsAre() {
    let caption = small.caption.joined(separator: " ")
    #expect(caption.contains("over 3 seeds (Student t); † one run"))
    #expect(caption.contains("OOD mean: over 2 sets"))
    let single = Summary(SampleComparison.small.filter { $0.seed == 0 })
    #expect(single.caption.joined().contains("over images (one run a method)"))
    #expect(!single.mainTable.markdown.contains("†"))
    #expect(Summary([]).caption == ["Nothing was measured."])
  }

  @Test func rowsComeInTheOrderOfThePaper() {
    let labels = full.mainTable.rows.map { $0[0].text }
    #expect(
      labels == [
        "Zero-shot †", "Linear probe", "Full fine-tuning", "L1 penalty", "L2 penalty",
        "Distillation (KD)", "LoRA", "WiSE-FT α = 0.5", "WiSE-FT α = 0.6–0.7 (chosen)",
      ])
    #expect(full.mainTable.columns.map(\.title).suffix(2) == ["quickdraw", "OOD mean"])
    #expect(!full.mainTable.columns.contains { $0.title.contains("val") })
  }

  @Test func validationSaysWhatWasChosen() {
    let caption = full.caption.joined(separator: " ")
    #expect(
      caption.contains(
        "WiSE-FT chosen on minidomains/real-val: α = 0.7 (seed 0), α = 0.6 (seed 1), "
          + "α = 0.7 (seed 2)."))
  }

  @Test func theChosenRowTakesEachSeedsOwnSetting() throws {
    let chosen = try #require(full.variants.first { $0.isSelected })
    let sets = full.sets(.inDistribution)
    let own = SampleComparison.full.filter { $0.selectedOn != nil && $0.role == .inDistribution }
    #expect(own.count == 3)
    #expect(
      full.estimate(chosen, over: sets)?.mean == Statistics.mean(own.map(\.value)))
  }

  @Test func theWholeCurveHasItsOwnTable() throws {
    let path = try #require(full.paths.first)
    #expect(full.paths.count == 1)
    #expect(path.label == "WiSE-FT")
    #expect(path.keyLabel == "α")
    #expect(path.isInterpolation)
    let table = full.table(along: path)
    #expect(
      table.rows.map { $0[0].text } == [
        "0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1",
      ])
    #expect(table.columns.first?.title == "α")
  }

  @Test func aGridOfStrengthsIsAPathAndThePlainRowStaysInTheTable() {
    let rows = [0.1, 0.3, 1].map {
      SampleComparison.row(
        "l2", ["l2.strength": .number($0)], set: "real", role: .inDistribution, value: 0.9)
    }
    let plain = SampleComparison.row("l2", set: "real", role: .inDistribution, value: 0.91)
    let both = Summary(rows + [plain])
    #expect(both.mainTable.rows.map { $0[0].text } == ["L2 penalty"])
    #expect(both.paths.map(\.label) == ["L2 penalty"])
    #expect(both.paths.map(\.keyLabel) == ["strength"])
    #expect(both.paths.first?.isInterpolation == false)
    // Without the plain row nothing of the method may be lost.
    #expect(
      Summary(rows).mainTable.rows.map { $0[0].text } == [
        "L2 penalty strength = 0.1", "L2 penalty strength = 0.3", "L2 penalty strength = 1",
      ])
  }

  @Test func unknownMethodsComeLastByName() {
    let rows = ["zeta", "full", "flyp", "zero-shot"].map {
      SampleComparison.row($0, set: "real", role: .inDistribution, value: 0.9)
    }
    #expect(
      Summary(rows).mainTable.rows.map { $0[0].text } == [
        "Zero-shot", "Full fine-tuning", "FLYP", "zeta",
      ])
  }

  @Test func equalNumbersOfAllSeedsGetTheIntervalOverImages() throws {
    let rows = (0..<3).map {
      SampleComparison.row(
        "zero-shot", seed: $0, set: "real", role: .inDistribution, value: 0.75)
    }
    let summary = Summary(rows)
    let estimate = try #require(
      summary.estimate(Variant(method: "zero-shot"), over: summary.sets))
    #expect(estimate.basis == .images)
    #expect(abs((estimate.halfWidth ?? 0) - 0.02684) < 1e-5)
  }

  @Test func aMeanNeedsEverySet() {
    let partial = SampleComparison.small.filter {
      !($0.method == "full" && $0.set == "mini/clipart")
    }
    let summary = Summary(partial)
    let row = summary.mainTable.rows[1].map(\.text)
    #expect(row == ["Full fine-tuning", "95.0 ± 2.5", "72.0 ± 5.0", "–", "–"])
    #expect(summary.caption.joined().contains("not measured"))
  }

  @Test func aDivergedRunIsSeen() {
    var rows = SampleComparison.small
    for index in rows.indices where rows[index].method == "full" { rows[index].value = .nan }
    let summary = Summary(rows)
    #expect(summary.mainTable.rows[1].map(\.text).suffix(4) == ["nan", "nan", "nan", "nan"])
    #expect(summary.caption.joined().contains("no finite number"))
    #expect(!summary.mainTable.rows[1].contains { $0.isBest })
  }

  @Test func laterRowsReplaceEarlierOnes() {
    let rows = [0.5, 0.6].map {
      SampleComparison.row("full", set: "real", role: .inDistribution, value: $0)
    }
    #expect(Summary(rows).mainTable.rows[0][1].text.hasPrefix("60.0"))
  }

  @Test(arguments: [
    (["mini/real", "mini/sketch"], ["real (ID)", "sketch (ID)"]),
    (["mini/real", "other/real"], ["mini/real (ID)", "other/real (ID)"]),
    (["imagenet", "a/"], ["imagenet (ID)", "a (ID)"]), (["/"], ["/ (ID)"]),
  ])
  func setsAreNamedShortlyWhereThatIsClear(names: [String], titles: [String]) {
    let rows = names.map {
      SampleComparison.row("full", set: $0, role: .inDistribution, value: 0.5)
    }
    #expect(Array(Summary(rows).mainTable.columns.dropFirst().map(\.title)) == titles)
  }

  @Test func generalSetsComeLast() {
    let rows = [
      SampleComparison.row("full", set: "c", role: .general, value: 0.5),
      SampleComparison.row("full", set: "b", role: .outOfDistribution, value: 0.5),
      SampleComparison.row("full", set: "a", role: .inDistribution, value: 0.5),
    ]
    #expect(
      Summary(rows).mainTable.columns.map(\.title) == [
        "Method", "a (ID)", "b", "OOD mean", "c (general)",
      ])
  }

  @Test func eachSetHasItsPrimaryMetric() {
    let rows = [
      SampleComparison.row("full", set: "a", role: .inDistribution, value: 0.9),
      SampleComparison.row("full", set: "a", role: .inDistribution, value: 0.1, metric: "ece"),
      SampleComparison.row("full", set: "b", role: .inDistribution, value: 0.4, metric: "macro-f1"),
      SampleComparison.row("full", set: "a", role: .inDistribution, value: 2.5, metric: "nll"),
    ]
    let summary = Summary(rows)
    #expect(summary.mainTable.columns.map(\.title) == ["Method", "a (ID) top1", "b (ID) macro-f1"])
    #expect(Summary(rows, metric: "ece").mainTable.rows[0][1].text.hasPrefix("10.0"))
    #expect(Summary(rows, metric: "nll").mainTable.rows[0][1].text == "2.500")
  }

  /// ID and three OOD sets, one of which is judged by another metric and one by an error.
  private static let mixed: [Basics.ResultRow] = {
    let metrics = ["id": "top1", "a": "top1", "b": "top1", "wild": "macro-f1", "c": "mce"]
    let values: [(String, [(String, Double)])] = [
      ("zero-shot", [("id", 0.6), ("a", 0.5), ("b", 0.4), ("wild", 0.1), ("c", 0.9)]),
      ("full", [("id", 0.8), ("a", 0.6), ("b", 0.2), ("wild", 0.3), ("c", 0.7)]),
    ]
    return values.flatMap { method, sets in
      sets.flatMap { set, value in
        let role: Basics.ResultRow.Role = set == "id" ? .inDistribution : .outOfDistribution
        let metric = metrics[set] ?? "top1"
        let first = SampleComparison.row(
          method, set: set, role: role, value: value, metric: metric)
        let second = SampleComparison.row(
          method, set: set, role: role, value: value + 0.05, metric: "mean-per-class")
        return [first, second]
      }
    }
  }()

  @Test func numbersOfTwoMetricsHaveNoMean() throws {
    let summary = Summary(Self.mixed)
    #expect(summary.meanMetric == Metric("top1"))
    #expect(summary.averagedSets(.outOfDistribution).map(\.name) == ["a", "b"])
    #expect(
      summary.mainTable.columns.map(\.title) == [
        "Method", "id (ID) top1", "a top1", "b top1", "wild macro-f1", "c mce", "OOD mean",
      ])
    #expect(
      summary.mainTable.rows.map { $0[6].text.prefix(4) } == ["45.0", "40.0"])
    #expect(summary.caption.contains("OOD mean: over 2 sets of top1 with equal weight."))
    #expect(
      summary.numbersTable.columns.map(\.title).filter { !$0.contains("half") }.suffix(6) == [
        "id top1", "a top1", "b top1", "wild macro-f1", "c mce", "ood-mean top1",
      ])
    let gains = try #require(summary.gainTable(over: "zero-shot"))
    #expect(gains.rows[0].map(\.text)[2].hasPrefix("−5.0"))
    // An error beside the scores does not silence the findings.
    let text = Findings(summary).sentences.joined()
    #expect(text.contains("gains 20.0 points in distribution"))
  }

  @Test func theFirstMetricOfASetIsItsPrimaryOne() {
    let rows = ["macro-f1", "top1"].map {
      SampleComparison.row("full", set: "wild", role: .outOfDistribution, value: 0.3, metric: $0)
    }
    let summary = Summary(rows)
    #expect(
      summary.mainTable.columns.map(\.title) == ["Method", "wild macro-f1", "OOD mean macro-f1"])
    #expect(summary.caption.first == "Macro F1 in per cent.")
    #expect(
      Summary(rows.reversed()).mainTable.columns.map(\.title) == ["Method", "wild", "OOD mean"])
  }

  @Test func furtherMetricsHaveTablesOfTheirOwn() throws {
    let tables = Summary.furtherTables(Self.mixed)
    #expect(tables.map(\.title) == ["Mean per-class accuracy"])
    let table = try #require(tables.first?.table)
    #expect(table.columns.map(\.title).last == "OOD mean mean-per-class")
    #expect(table.rows[1].map(\.text)[1].hasPrefix("85.0"))
    let markdown = ReportWriter(title: "t", measurements: Self.mixed).markdown
    #expect(markdown.contains("## Mean per-class accuracy\n\n| Method |"))
    #expect(Summary.furtherTables(SampleComparison.small).isEmpty)
  }

  @Test(arguments: [
    ("top1", false), ("top5", false), ("top1-of-all", false), ("mean-per-class", false),
    ("macro-f1", false), ("worst-group", false), ("mce", true),
  ])
  func metricsHaveTitlesAndDirections(_ name: String, _ lowerIsBetter: Bool) {
    #expect(Metric(name).lowerIsBetter == lowerIsBetter && Metric(name).title != name)
  }
}
