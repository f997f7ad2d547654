import ArgumentParser
import Basics
import Foundation
import Reporting

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Rebuild report.html and the tables from run folders.",
    discussion: """
      Each folder is rebuilt by itself; with --out, all folders together make one report.

      Example: holdfast report runs/photos runs/sketches --out runs/both
      """)

  @Argument(help: ArgumentHelp("Run folders.", valueName: "folder"))
  var folders: [String]

  @Option(help: ArgumentHelp("The folder for one report of all runs.", valueName: "folder"))
  var out: String?

  @OptionGroup(title: "Talk") var talk: TalkOptions

  func run() throws {
    let terminal = Terminal(quiet: talk.quiet, verbose: talk.verbose)
    for (target, sources) in out.map({ [($0, folders)] }) ?? folders.map({ ($0, [$0]) }) {
      let rows = try RunFolder.measurements(inFolders: sources)
      let single = sources.count == 1 ? sources[0] : nil
      let report = ReportWriter(
        title: (target as NSString).lastPathComponent, measurements: rows,
        configuration: try single.map(RunFolder.configuration) ?? "",
        environment: try single.map(RunFolder.environment) ?? [])
      try report.write(to: target)
      try Output.write(ResultText(rows).comparison(talk.format))
      terminal.say("Wrote \(target)/report.html")
    }
  }
}
