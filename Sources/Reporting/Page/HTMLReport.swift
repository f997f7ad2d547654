import Basics

/// A comparison as one page that needs nothing else: no scripts, no other files, no network.
///
/// It works with whatever was measured: one method, one set, one seed, runs that diverged.
public struct HTMLReport: Sendable {
  public var title: String
  /// The resolved configuration, shown as it is.
  public var configuration: String
  /// Versions, device, threads: a name and a value each.
  public var environment: [(String, String)]
  /// Further remarks, a paragraph each.
  public var notes: [String]

  private let measurements: [ResultRow]
  private let summary: Summary

  public init(
    title: String, measurements: [ResultRow], configuration: String = "",
    environment: [(String, String)] = [], notes: [String] = []
  ) {
    self.title = title
    self.measurements = measurements
    self.configuration = configuration
    self.environment = environment
    self.notes = notes
    summary = Summary(measurements)
  }

  /// The page.
  public var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(title.escaped)</title>
    <style>
    \(Self.styleSheet)</style>
    </head>
    <body>
    <main>
    <h1>\(title.escaped)</h1>
    \(sections.joined(separator: "\n"))</main>
    </body>
    </html>

    """
  }

  private var sections: [String] {
    let findings = list(Findings(summary).sentences, classes: "findings")
    guard !summary.sets.isEmpty else {
      return ["<p>No measurements on test sets yet.</p>\n", remarks, appendix]
    }
    return [
      findings, mainSection, figures, gainSection, pathSection, otherMetrics, remarks, vocabulary,
      appendix,
    ]
  }

  private var mainSection: String {
    section(
      "\(summary.hasOneMetric ? summary.meanMetric?.title ?? "Scores" : "Scores") on each set",
      scrolled(summary.mainTable.html) + paragraphs(summary.caption, classes: "caption"))
  }

  private var figures: String {
    let tradeOff = TradeOffFigure(summary).map { figure in
      section(
        "In and out of distribution",
        self.figure(
          figure.svg,
          "Each point is a row of the table with its intervals; up and right is better. In the "
            + "tinted corner a method beats zero-shot out of distribution and full fine-tuning in "
            + "distribution at once. The curve joins the reference weights (α = 0) to the tuned "
            + "ones (α = 1)."))
    }
    let domains = DomainFigure(summary).map { figure in
      section(
        "Set by set",
        self.figure(
          figure.svg,
          "The numbers of the table: a band for each set, a dot with its interval for each "
            + "method, in the order of the legend."))
    }
    return (tradeOff ?? "") + (domains ?? "")
  }

  private var gainSection: String {
    let tables = [("full", "over full fine-tuning"), ("zero-shot", "over zero-shot")].compactMap {
      method, words in
      summary.gainTable(over: method).map { "<h3>Gain \(words)</h3>\n" + scrolled($0.html) }
    }
    guard !tables.isEmpty else { return "" }
    let caption =
      "Differences in points, paired by seed, with half the 95 % confidence interval of the "
      + "difference; with one seed, from both intervals over images."
    return section(
      "Gains",
      "<div class=\"columns\">\(tables.map { "<div>\($0)</div>" }.joined())</div>\n"
        + paragraphs([caption], classes: "caption"))
  }

  private var pathSection: String {
    let tables = summary.paths.map { path in
      "<h3>\("\(path.label) along \(path.keyLabel)".escaped)</h3>\n"
        + scrolled(summary.table(along: path).html)
    }
    guard !tables.isEmpty else { return "" }
    let caption =
      "What is marked here was read off the test sets: what a perfect choice would give, not a "
      + "result to report."
    return section("Along a setting", tables.joined() + paragraphs([caption], classes: "caption"))
  }

  private var otherMetrics: String {
    let tables = Summary.furtherTables(measurements).map { title, table in
      "<h3>\(title.escaped)</h3>\n" + scrolled(table.html)
    }
    return tables.isEmpty ? "" : section("Other metrics", tables.joined())
  }

  private var remarks: String {
    notes.isEmpty ? "" : section("Notes", paragraphs(notes))
  }

  private var vocabulary: String {
    let words = [
      ("ID", "In distribution: test images like those the model was fine-tuned on."),
      ("OOD", "Out of distribution: the same classes in images of another kind or origin."),
      ("Zero-shot", "The pre-trained model with a classifier made from the class names."),
      ("α", "How far the weights went from the pre-trained (0) to the fine-tuned ones (1)."),
      (
        "±, CI",
        "Half the width of the 95 % confidence interval. Over seeds it covers what chance in "
          + "training does, over images what the choice of test images does."
      ),
      ("Chosen", "The setting with the best score on held-out ID images, for each seed."),
    ]
    let entries = words.map { "<dt>\($0.0.escaped)</dt><dd>\($0.1.escaped)</dd>\n" }.joined()
    return section("How to read this page", "<dl>\n\(entries)</dl>\n")
  }

  private var appendix: String {
    var parts: [String] = []
    if !configuration.isEmpty {
      parts.append(
        "<details>\n<summary>Configuration</summary>\n<pre>\(configuration.escaped)</pre>\n"
          + "</details>\n")
    }
    if !environment.isEmpty {
      let rows = environment.map { name, value in
        "<tr><th scope=\"row\" class=\"left\">\(name.escaped)</th>"
          + "<td class=\"left\">\(value.escaped)</td></tr>\n"
      }
      parts.append(
        "<details>\n<summary>Environment</summary>\n"
          + scrolled("<table>\n\(rows.joined())</table>\n") + "</details>\n")
    }
    return parts.joined()
  }

  private func section(_ title: String, _ content: String) -> String {
    "<section>\n<h2>\(title.escaped)</h2>\n\(content)</section>\n"
  }

  private func scrolled(_ content: String) -> String {
    "<div class=\"scroll\" tabindex=\"0\">\n\(content)</div>\n"
  }

  private func figure(_ svg: String, _ caption: String) -> String {
    "<figure>\n\(scrolled(svg))<figcaption class=\"caption\">\(caption.escaped)</figcaption>\n"
      + "</figure>\n"
  }

  /// The text with "α = 0.5" and "94.4 ± 0.4" kept on one line, escaped.
  private func flowing(_ text: String) -> String {
    ["=", "±"].reduce(text) { $0.replacing(" \($1) ", with: "\u{A0}\($1)\u{A0}") }.escaped
  }

  private func list(_ sentences: [String], classes: String) -> String {
    guard !sentences.isEmpty else { return "" }
    let items = sentences.map { "<li>\(flowing($0))</li>\n" }.joined()
    return "<ul class=\"\(classes)\">\n\(items)</ul>\n"
  }

  private func paragraphs(_ texts: [String], classes: String? = nil) -> String {
    if let classes {
      return "<p class=\"\(classes)\">\(flowing(texts.joined(separator: " ")))</p>\n"
    }
    return texts.map { "<p>\($0.escaped)</p>\n" }.joined()
  }
}
