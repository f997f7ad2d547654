import Basics
import Foundation
import Reporting
import TestSupport
import Testing

/// The list that `evaluate` and `sweep` print, and the numbers of others in it.
@Suite struct ResultTableTests {
  private static func row(
    _ method: String = "ViT-B-32.pt", set: String = "imagenet-a", metric: String = "top1",
    value: Double = 0.315
  ) -> Basics.ResultRow {
    ResultRow(
      method: method, seed: 0, set: set, role: .outOfDistribution, metric: metric, value: value,
      n: 7500, ci95: [0.3042, 0.3257], recipe: "sha256:1", weights: "sha256:2")
  }

  /// One of a release's rows has a published number: not another metric, set or model.
  private static let rows = [
    row(), row(metric: "top1-of-all", value: 0.115), row(set: "photos"), row("tuned", value: 0.25),
  ]
  private static let published = [
    PublishedNumber(
      model: "ViT-B-32.pt", set: "imagenet-a", metric: "top1", value: 0.3128,
      release: "OpenAI's ViT-B/32", source: "a table")
  ]
  private let table = ResultTable(rows, published: published)

  /// The cells of a column, nil where there is none.
  private func cells(_ title: String, _ table: Table) -> [String]? {
    table.columns.firstIndex { $0.title == title }.map { place in
      table.rows.map { $0[place].text }
    }
  }

  @Test func publishedNumbersStandBesideTheirRow() {
    #expect(
      table.table(for: .people).text == """
        model        set         role  metric       value     n       95 %  published
        ───────────  ──────────  ────  ───────────  ─────  ────  ─────────  ─────────
        ViT-B-32.pt  imagenet-a  ood   top1          31.5  7500  30.4–32.6       31.3
        ViT-B-32.pt  imagenet-a  ood   top1-of-all   11.5  7500  30.4–32.6
        ViT-B-32.pt  photos      ood   top1          31.5  7500  30.4–32.6
        tuned        imagenet-a  ood   top1          25.0  7500  30.4–32.6

        """)
  }

  @Test func markdownSaysTheSame() {
    let lines = table.table(for: .people).markdown.split(separator: "\n")
    #expect(
      lines.prefix(4) == [
        "| model | set | role | metric | value | n | 95 % | published |",
        "| --- | --- | --- | --- | ---: | ---: | ---: | ---: |",
        "| ViT-B-32.pt | imagenet-a | ood | top1 | 31.5 | 7500 | 30.4–32.6 | 31.3 |",
        "| ViT-B-32.pt | imagenet-a | ood | top1-of-all | 11.5 | 7500 | 30.4–32.6 |  |",
      ])
  }

  @Test func programsReadFractions() {
    #expect(
      table.table(for: .programs).csv == """
        model,set,role,metric,value,n,low,high,published\r
        ViT-B-32.pt,imagenet-a,ood,top1,0.315,7500,0.3042,0.3257,0.3128\r
        ViT-B-32.pt,imagenet-a,ood,top1-of-all,0.115,7500,0.3042,0.3257,\r
        ViT-B-32.pt,photos,ood,top1,0.315,7500,0.3042,0.3257,\r
        tuned,imagenet-a,ood,top1,0.25,7500,0.3042,0.3257,\r

        """)
  }

  @Test func jsonHasThePublishedNumberWithItsSource() throws {
    let text = try table.json()
    let lines = text.split(separator: "\n")
    #expect(lines.first == "[" && lines.last == "]" && lines.count == 6 && text.hasSuffix("]\n"))
    #expect(
      lines[1] == #"{"ci95":[0.3042,0.3257],"method":"ViT-B-32.pt","metric":"top1","n":7500,"#
        + #""published":{"model":"OpenAI's ViT-B/32","source":"a table","value":0.3128},"#
        + #""recipe":"sha256:1","role":"ood","seed":0,"selected_on":null,"set":"imagenet-a","#
        + #""setting":{},"value":0.315,"weights":"sha256:2"},"#)
    let values = try JSONValue.parse(Data(text.utf8), source: "the list").array ?? []
    #expect(values.map { $0["published"] != nil } == [true, false, false, false])
  }

  @Test func withoutSuchNumbersThereIsNoColumn() throws {
    let plain = ResultTable(Self.rows)
    for reader in [ResultTable.Reader.people, .programs] {
      #expect(cells("published", plain.table(for: reader)) == nil)
    }
    #expect(try !plain.json().contains("published"))
    #expect(try ResultTable([]).json() == "[\n\n]\n")
  }

  @Test func eachRowHasTheNumberOfItsOwnMetric() {
    var table = table
    table.published[0].metric = "top1-of-all"
    #expect(cells("published", table.table(for: .people)) == ["", "31.3", "", ""])
    table.published[0].set = "photos"
    #expect(cells("published", table.table(for: .people)) == ["", "", "", ""])
  }

  @Test func whatSomeRowsSayHasAColumn() {
    let plain = ResultTable(Self.rows).table(for: .people)
    for title in ["skipped", "group", "data"] { #expect(cells(title, plain) == nil) }
    var rows = Self.rows
    rows[0].skipped = 2
    rows[1].group = "Africa"
    rows[2].data = ["missing": .integer(12), "border": .integer(2), "crop": .string("center")]
    let full = ResultTable(rows, published: Self.published)
    for reader in [ResultTable.Reader.people, .programs] {
      let table = full.table(for: reader)
      #expect(cells("skipped", table) == ["2", "", "", ""])
      #expect(cells("group", table) == ["", "Africa", "", ""])
      #expect(cells("data", table) == ["", "", "border=2 crop=center missing=12", ""])
      #expect(table.columns.suffix(4).map(\.title) == ["published", "skipped", "group", "data"])
      #expect(table.columns.suffix(4).map(\.alignment) == [.right, .right, .left, .left])
    }
  }

  @Test func settingsHaveColumnsOfTheirOwn() {
    var rows = Self.rows
    for index in rows.indices.dropLast() {
      rows[index].setting = ["alpha": .number(0.25 * Double(index)), "crop": .string("none")]
    }
    let table = ResultTable(rows).table(
      for: .people, title: "method", settings: ["alpha", "crop"])
    #expect(table.columns.prefix(4).map(\.title) == ["method", "alpha", "crop", "set"])
    #expect(cells("alpha", table) == ["0", "0.25", "0.5", ""])
    #expect(cells("crop", table) == [#""none""#, #""none""#, #""none""#, ""])
  }

  @Test func furtherMembersTakeThePlaceOfARowsOwn() throws {
    let text = try table.json { row in
      ["model": .string("models/\(row.method)"), "set": .string("renamed")]
    }
    let values = try JSONValue.parse(Data(text.utf8), source: "the list").array ?? []
    #expect(values.first?["model"] == .string("models/ViT-B-32.pt"))
    #expect(values.allSatisfy { $0["set"] == .string("renamed") })
    // What was published is found by the row, not by what it is called here.
    #expect(values.first?["published"]?["value"] == .number(0.3128))
  }

  @Test func anIntervalMayBeMissing() {
    var row = Self.row()
    row.ci95 = []
    row.skipped = 3
    let results = ResultTable([row])
    #expect(cells("95 %", results.table(for: .people)) == [""])
    let table = results.table(for: .programs)
    #expect(["low", "high", "skipped"].map { cells($0, table) } == [[""], [""], ["3"]])
  }
}
