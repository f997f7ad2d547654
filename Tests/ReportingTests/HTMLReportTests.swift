import Basics
import Reporting
import Testing

@Suite struct HTMLReportTests {
  @Test func thePageHasItsParts() {
    let html = HTMLReport(
      title: "Mini", measurements: SampleComparison.full, configuration: "seeds: [0, 1, 2]",
      environment: [("libtorch", "2.13.0")], notes: ["A remark."]
    ).html
    for part in [
      "<h1>Mini</h1>", "Top-1 accuracy on each set", "In and out of distribution", "Set by set",
      "Gain over full fine-tuning", "Gain over zero-shot", "WiSE-FT along α", "A remark.",
      "How to read this page", "<summary>Configuration</summary>", "seeds: [0, 1, 2]",
      "<summary>Environment</summary>", "2.13.0",
    ] {
      #expect(html.contains(part), "\(part) is missing")
    }
    #expect(html.matches(of: /<svg/).count == 2)
  }

  @Test func thePageNeedsNothingElse() {
    let html = HTMLReport(title: "Mini", measurements: SampleComparison.full).html
    for word in ["<script", "<link", "<img", "@import", "url("] {
      #expect(!html.contains(word))
    }
    let addresses = html.matches(of: /https?:[^"]*/).map { String($0.output) }
    #expect(Set(addresses) == ["http://www.w3.org/2000/svg"])
  }

  @Test func everyTextIsEscaped() {
    let evil = "<b onclick=\"x('&')\">"
    let rows = [
      SampleComparison.row(
        evil, [evil: .string(evil)], set: evil, role: .inDistribution, value: 0.5),
      SampleComparison.row(
        evil, [evil: .number(2)], set: evil, role: .outOfDistribution, value: 0.5,
        selectedOn: evil),
      SampleComparison.row(evil, set: evil, role: .outOfDistribution, value: 0.5, metric: evil),
    ]
    let html = HTMLReport(
      title: evil, measurements: rows, configuration: evil, environment: [(evil, evil)],
      notes: [evil]
    ).html
    #expect(!html.contains("<b "))
    #expect(html.contains("&lt;b onclick=&quot;x(&#39;&amp;&#39;)&quot;&gt;"))
  }

  @Test func tagsAreBalanced() throws {
    let html = HTMLReport(
      title: "t", measurements: SampleComparison.full, configuration: "c",
      environment: [("a", "b")], notes: ["n"]
    ).html
    let body = try #require(html.firstMatch(of: /(?s)<body>.*<\/body>/)).output
    #expect(ParsedXML(String(body)) != nil)
  }

  static let partial: [String: [Basics.ResultRow]] = [
    "nothing": [],
    "validation only": [
      SampleComparison.row("full", set: "v", role: .validation, value: 0.5)
    ],
    "one method, one set": [
      SampleComparison.row("full", set: "a", role: .inDistribution, value: 0.5)
    ],
    "OOD only": [SampleComparison.row("l2", set: "a", role: .outOfDistribution, value: 0.5)],
    "general only": [SampleComparison.row("l2", set: "a", role: .general, value: 0.5)],
    "one seed": SampleComparison.small.filter { $0.seed == 0 },
    "not a number": SampleComparison.small.map { row in
      var row = row
      row.value = .nan
      row.ci95 = [.nan, .nan]
      return row
    },
    "huge numbers": SampleComparison.small.map { row in
      var row = row
      row.value = 1e308
      return row
    },
    "no intervals": SampleComparison.small.map { row in
      var row = row
      row.ci95 = []
      row.n = 0
      return row
    },
    "empty names": [SampleComparison.row("", set: "", role: .inDistribution, value: 0)],
  ]

  @Test(arguments: partial.keys.sorted())
  func partialDataMakesAPage(name: String) throws {
    let rows = try #require(Self.partial[name])
    let html = HTMLReport(title: name, measurements: rows).html
    let body = try #require(html.firstMatch(of: /(?s)<body>.*<\/body>/)).output
    #expect(ParsedXML(String(body)) != nil)
    #expect(!html.contains("Optional("))
    #expect(!ReportWriter(title: name, measurements: rows).markdown.isEmpty)
  }
}
