import ArgumentParser
import Basics
import Benchmarks
import Foundation
import Reporting

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Look at data sets.", subcommands: [Inspect.self, Check.self])

  struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what a data set is: its kind, counts and label rule.",
      discussion: """
        Shows the part to train on where there is one; photos/#test names another.

        Example: holdfast data inspect photos/ --samples 5 --format json
        """)

    @Argument(help: ArgumentHelp("The data set.", valueName: "data"))
    var data: String

    @Option(help: ArgumentHelp("How many samples to list.", valueName: "count"))
    var samples = 0

    @OptionGroup(title: "Talk") var talk: TalkOptions

    func run() throws {
      let session = try Session(talk)
      let place = try DatasetSpecifier.parse(data)
      let sets = try place.openToLook(progress: session.preparing(place))
      let inspections = sets.map { $0.inspection(samples: samples) }
      if talk.format == .json {
        let value = inspections.count == 1 ? inspections[0] : .array(inspections)
        return try session.print(value.text(pretty: true) + "\n")
      }
      for value in inspections {
        var table = Table(columns: [
          Table.Column("what", alignment: .left), Table.Column("value", alignment: .left),
        ])
        for key in [
          "name", "kind", "rule", "split", "images", "classes", "expected_images", "metrics",
          "conditions", "domains", "ignored_files", "missing_files", "bytes",
        ] {
          table.append([Table.Cell(key), Table.Cell(Self.text(value[key] ?? .null))])
        }
        for sample in value["samples"]?.array ?? [] {
          let words = ["label", "name", "domain", "group"].compactMap { sample[$0] }
            .filter { $0 != .null }.map(Self.text)
          table.append([
            Table.Cell("sample"),
            Table.Cell(([Self.text(sample["path"] ?? .null) + " "] + words).joined(separator: " ")),
          ])
        }
        try session.print(ResultText.text(table, talk.format))
      }
    }

    /// A value as people read it: no quotes, lists with commas, nothing for nothing.
    private static func text(_ value: JSONValue) -> String {
      switch value {
      case .null: "–"
      case .string(let text): text
      case .array(let items): items.isEmpty ? "–" : items.map(text).joined(separator: ", ")
      case .object(let members):
        members.isEmpty
          ? "–"
          : members.sorted { $0.key < $1.key }.map { "\($0.key) \(text($0.value))" }
            .joined(separator: ", ")
      default: value.text()
      }
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Decode every file of a data set and list all that is wrong.",
      discussion: """
        Looks at every split unless one is named. Lists files that do not decode, files that a list
        names and that are not there, and counts that differ from a complete copy's.

        Exits with 65 where something is wrong, and with 66 where something is only missing.

        Example: holdfast data check photos/
        """)

    @Argument(help: ArgumentHelp("The data set.", valueName: "data"))
    var data: String

    @Flag(help: "List what is missing without calling it a failure.")
    var allowMissing = false

    @OptionGroup(title: "Machine") var machine: MachineOptions
    @OptionGroup(title: "Talk") var talk: TalkOptions

    func run() throws {
      let session = try Session(talk)
      let context = try session.context(machine)
      var place = try DatasetSpecifier.parse(data)
      place.split = place.split ?? "all"
      var problems: [DatasetProblem] = []
      var images = 0
      for set in try place.open(
        for: .training, allowMissing: true, progress: session.preparing(place))
      {
        images += set.samples.count
        problems += try set.problems(threads: context.loaderThreads) { done, total in
          try context.stop.check()
          try context.report(.progress("Checking \(set.name)", done: done, total: total, loss: nil))
        }
      }
      var table = Table(columns: [
        Table.Column("path", alignment: .left), Table.Column("problem", alignment: .left),
      ])
      for problem in problems {
        table.append([Table.Cell(problem.subject), Table.Cell(problem.reason)])
      }
      try session.print(ResultText.text(table, talk.format))
      try Self.judge(problems, images: images, allowMissing: allowMissing)
      let rest = problems.isEmpty ? "" : ", \(problems.count) missing"
      session.terminal.say("All \(images) images decode\(rest).")
    }

    private static func judge(
      _ problems: [DatasetProblem], images: Int, allowMissing: Bool
    ) throws(HoldfastError) {
      let bad = problems.filter { $0.kind == .bad }
      if let first = bad.first {
        throw .badData(
          "\(bad.count) of \(images) images do not decode or are too many, the first: "
            + "\(first.subject)",
          remedy: "Fetch these files again, or leave them out with --skip-bad.")
      }
      let missing = problems.filter { $0.kind == .missing }
      if let first = missing.first, !allowMissing {
        throw .missingInput(
          "\(missing.count) missing beside \(images) images, the first: "
            + "\(first.subject)",
          remedy: "Complete the copy, or accept the rest of it with --allow-missing.")
      }
    }
  }
}
