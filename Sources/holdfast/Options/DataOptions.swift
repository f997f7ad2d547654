import ArgumentParser
import Basics
import Benchmarks

/// Which data sets are accepted, and what is measured on them.
struct DataOptions: ParsableArguments {
  @Flag(help: "Accept copies of data sets that lack images; each result says how many.")
  var allowMissing = false

  @Option(
    help: ArgumentHelp(
      "What to measure, such as top1,top5; the first counts first (default: the data sets' own).",
      discussion: """
        \(DatasetMetric.allCases.map(\.rawValue).joined(separator: ", ")). A set without what a \
        metric needs leaves it out.
        """, valueName: "names"))
  var metrics: String?

  @Flag(
    name: .customLong("no-check"),
    help: ArgumentHelp(
      "Do not score 200 images of each set zero-shot first.",
      discussion: """
        The check says what a zero-shot model reaches, and with the likely cause stops a run on \
        data that are answered as if by chance (top-1 below five times chance). It only warns \
        where that is less sure: fewer than 200 images, an incomplete copy, or data of one's own \
        with fewer than 20 classes.
        """))
  var noCheck = false

  /// The metrics that are named, or nil.
  var chosenMetrics: [DatasetMetric]? {
    get throws(HoldfastError) { try names.map(DatasetMetric.named) }
  }

  /// What the options change of a configuration.
  var overlay: [String: JSONValue] {
    get throws(HoldfastError) {
      _ = try chosenMetrics
      var values: [String: JSONValue] = [:]
      if allowMissing { values["allow-missing"] = .bool(true) }
      if noCheck { values["check"] = .bool(false) }
      values["metrics"] = names.map { .array($0.map(JSONValue.string)) }
      return values
    }
  }

  private var names: [String]? {
    metrics?.split(separator: ",").map { $0.filter { $0 != " " } }
  }
}
