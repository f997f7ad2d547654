import ArgumentParser

/// How results are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table, json, csv, markdown
}

/// What a command says, and how.
struct TalkOptions: ParsableArguments {
  @Option(help: "How results are printed: table, json, csv or markdown.")
  var format: OutputFormat = .table

  @Flag(help: "Say nothing but errors on stderr.")
  var quiet = false

  @Flag(help: "Say more on stderr.")
  var verbose = false
}
