import Basics
import Reporting
import Testing

@Suite struct FindingsTests {
  private func sentences(_ rows: [Basics.ResultRow]) -> [String] {
    Findings(Summary(rows)).sentences
  }

  @Test func theFindingsOfThePaper() {
    #expect(
      sentences(SampleComparison.small) == [
        "Full fine-tuning gains 20.0 points in distribution and loses 8.0 points out of "
          + "distribution against zero-shot.",
        "Against full fine-tuning, WiSE-FT α = 0.5 shows no clear change (+0.3 ± 1.4 points) in "
          + "distribution and gains 14.8 points out of distribution.",
        "Best in distribution: WiSE-FT α = 0.5 (95.3 ± 1.4); best out of distribution: "
          + "WiSE-FT α = 0.5 (81.8 ± 4.4). Mean top-1 accuracy at least that of full fine-tuning in "
          + "distribution and above zero-shot out of it: WiSE-FT α = 0.5.",
      ])
  }

  @Test func aFindingThatDoesNotAppearIsSaid() {
    let rows = SampleComparison.small.map { row in
      var row = row
      if row.method == "full", row.role == .outOfDistribution { row.value += 0.25 }
      return row
    }
    let text = sentences(rows)
    #expect(text[0].contains("gains 17.0 points out of distribution"))
    #expect(text[0].hasSuffix("A loss of robustness through plain fine-tuning does not show here."))
    #expect(
      text[1].hasSuffix("A gain out of distribution through interpolation does not show here."))
  }

  @Test func partialDataGivesTrueSentences() {
    let one = SampleComparison.small.filter { $0.method == "full" }
    #expect(sentences(one).count == 1)
    #expect(sentences(one)[0].contains("were not both measured"))
    let inside = SampleComparison.small.filter { $0.role == .inDistribution }
    #expect(sentences(inside)[0].contains("out of distribution the two were not measured"))
    #expect(sentences([]).count == 1)
    let losses = SampleComparison.small.map { row in
      var row = row
      row.metric = "nll"
      return row
    }
    #expect(sentences(losses).isEmpty)
    #expect(TradeOffFigure(Summary(losses)) == nil)
  }
}
