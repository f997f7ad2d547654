import Basics
import Foundation
import Reporting
import TestSupport
import Testing

@Suite struct FigureTests {
  private static let ranges: [([Double], Double, Int)] = [
    ([60, 95], 5, 0), ([72.8, 73.1], 0.05, 2), ([0, 1], 0.2, 1), ([-3, 4000], 1000, 0),
  ]

  @Test(arguments: ranges)
  func ticksAreNiceAndInside(values: [Double], step: Double, decimals: Int) throws {
    let axis = Axis(covering: values)
    #expect(axis.decimals == decimals)
    #expect((3...9).contains(axis.ticks.count))
    #expect(axis.ticks.allSatisfy { $0 >= axis.lower && $0 <= axis.upper })
    for (low, high) in zip(axis.ticks, axis.ticks.dropFirst()) {
      #expect(abs(high - low - step) < 1e-9 * step)
    }
    #expect(values.allSatisfy { axis.position($0) > 0.05 && axis.position($0) < 0.95 })
  }

  private static let odd: [[Double]] = [
    [], [.nan], [50, 50], [.infinity, 3], [1e308, -1e308], [0, 0], [1e-30, 2e-30],
  ]

  @Test(arguments: odd)
  func anAxisCopesWithAnyValues(values: [Double]) {
    let axis = Axis(covering: values)
    #expect(axis.lower < axis.upper)
    #expect(axis.ticks.count < 12)
    #expect(axis.ticks.allSatisfy { $0.isFinite })
  }

  @Test func ticksEndAtTheLimit() {
    #expect(Axis(covering: [40, 100], limits: 0...100).ticks.last == 100)
    #expect(Axis(covering: [0, 10], limits: 0...100).ticks.first == 0)
  }

  @Test func aTradeOffFigureIsXMLAndPutsPointsWhereTheyBelong() throws {
    let figure = try #require(TradeOffFigure(Summary(SampleComparison.small)))
    let document = try parsed(figure.svg)
    let marks = document.elements("path").compactMap { element -> (Double, Double, String)? in
      guard let title = element.title, let center = element.center else { return nil }
      return (center.0, center.1, title)
    }
    #expect(marks.count == 3)
    #expect(marks[0].2 == "Zero-shot: ID 75.0 ± 2.7, OOD 75.0 ± 1.9")
    // The axes cover the intervals: ID 75 ± 2.6839 to 95 + 2.4841, padded by 6 %.
    let low = 75 - 2.683846493
    let high = 95 + 2.484137712
    let room = 0.06 * (high - low)
    let expected = 60 + 640 * (75 - low + room) / (high - low + 2 * room)
    #expect(abs(marks[0].0 - expected) < 0.02, "\(marks[0].0) is not \(expected)")
    // Full fine-tuning is to the right of zero-shot and, on the page, below it.
    #expect(marks[1].0 > marks[0].0)
    #expect(marks[1].1 > marks[0].1)
  }

  @Test func theCurveRunsThroughEveryAlpha() throws {
    let figure = try #require(TradeOffFigure(Summary(SampleComparison.full)))
    let document = try parsed(figure.svg)
    let line = try #require(document.elements("polyline").first)
    #expect(line.attributes["points"]?.split(separator: " ").count == 11)
    let texts = document.elements("text").map(\.text)
    #expect(texts.contains("α = 0"))
    #expect(texts.contains("α = 1"))
    #expect(texts.contains("0.5"))
    #expect(texts.contains("WiSE-FT, α"))
  }

  @Test func labelsOfTheCurveDoNotOverlap() throws {
    let figure = try #require(TradeOffFigure(Summary(SampleComparison.full)))
    let labels = try parsed(figure.svg).elements("text").filter {
      $0.attributes["class"] == "h-small"
    }
    #expect(labels.count >= 5)
    let boxes = try labels.map { label -> CGRect in
      let width = Double(label.text.count) * 6
      let x = try #require(label.number("x"))
      let y = try #require(label.number("y"))
      let shares: [String: Double] = ["start": 0, "middle": 0.5, "end": 1]
      let share = shares[label.attributes["text-anchor"] ?? ""] ?? 0
      return CGRect(x: x - share * width, y: y - 8, width: width, height: 8)
    }
    for (index, box) in boxes.enumerated() {
      #expect(!boxes[..<index].contains { $0.intersects(box) }, "\(labels[index].text)")
    }
  }

  @Test func theDomainFigureHasADotForEachNumber() throws {
    let figure = try #require(DomainFigure(Summary(SampleComparison.small)))
    let document = try parsed(figure.svg)
    #expect(document.elements("path").filter { $0.title != nil }.count == 9)
    let texts = document.elements("text").map(\.text)
    #expect(texts.contains("real (ID)"))
    #expect(texts.contains("sketch"))
  }

  @Test func figuresAreDeterministicWithoutScriptsAndLegible() throws {
    let summary = Summary(SampleComparison.full)
    for (first, again) in [
      (try #require(TradeOffFigure(summary)).svg, try #require(TradeOffFigure(summary)).svg),
      (try #require(DomainFigure(summary)).svg, try #require(DomainFigure(summary)).svg),
    ] {
      #expect(first == again)
      #expect(!first.contains("<script"))
      #expect(!first.contains("nan"))
      #expect(first.contains("prefers-color-scheme: dark"))
      for size in first.matches(of: /(\d+)px/) { #expect((Int(size.1) ?? 0) >= 11) }
    }
  }

  @Test func namesFromOutsideAreEscaped() throws {
    let rows = ["a<b>&\"c\"\u{1}", "full"].flatMap { method in
      [
        SampleComparison.row(method, set: "x</text>", role: .inDistribution, value: 0.5),
        SampleComparison.row(method, set: "y&z", role: .outOfDistribution, value: 0.4),
      ]
    }
    let trade = try parsed(#require(TradeOffFigure(Summary(rows))).svg)
    #expect(trade.elements("text").map(\.text).contains("a<b>&\"c\"\u{FFFD}"))
    let domains = try parsed(#require(DomainFigure(Summary(rows))).svg)
    #expect(domains.elements("text").map(\.text).contains("text> (ID)"))
  }

  @Test func thereIsNoFigureOfNothing() {
    #expect(TradeOffFigure(Summary([])) == nil)
    #expect(DomainFigure(Summary([])) == nil)
    let inside = SampleComparison.small.filter { $0.role == .inDistribution }
    #expect(TradeOffFigure(Summary(inside)) == nil)
    #expect(DomainFigure(Summary(inside)) != nil)
    let diverged = [
      SampleComparison.row("full", set: "a", role: .inDistribution, value: .nan),
      SampleComparison.row("full", set: "b", role: .outOfDistribution, value: .nan),
    ]
    #expect(TradeOffFigure(Summary(diverged)) == nil)
    #expect(DomainFigure(Summary(diverged)) == nil)
  }

  private func parsed(
    _ svg: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> ParsedXML {
    try #require(ParsedXML(svg), "not well-formed", sourceLocation: sourceLocation)
  }
}
