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
      let sets = try DatasetSpecifier.parse(data).openToLook(progress: session.rendering)
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
          "name", "kind", "rule", "split", "images", "classes", "expected_images", "ignored_files",
        ] {
          let item = value[key] ?? .null
          table.append([Table.Cell(key), Table.Cell(item.string ?? item.text())])
        }
        for sample in value["samples"]?.array ?? [] {
          let label = sample["label"]?.text() ?? ""
          table.append([
            Table.Cell("sample"),
            Table.Cell(
              "\(sample["path"]?.string ?? "")  \(label) \(sample["name"]?.string ?? "")"),
          ])
        }
        try session.print(ResultText.text(table, talk.format))
      }
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Decode every file of a data set and list the bad ones.",
      discussion: """
        Exits with 65 where a file does not decode.

        Example: holdfast data check photos/
        """)

    @Argument(help: ArgumentHelp("The data set.", valueName: "data"))
    var data: String

    @Flag(help: "Accept a copy that lacks images.")
    var allowMissing = false

    @OptionGroup(title: "Machine") var machine: MachineOptions
    @OptionGroup(title: "Talk") var talk: TalkOptions

    func run() throws {
      let session = try Session(talk)
      let context = try session.context(machine)
      var place = try DatasetSpecifier.parse(data)
      place.split = place.split ?? "all"
      var bad: [(path: String, reason: String)] = []
      var images = 0
      let sets = try place.open(
        for: .training, allowMissing: allowMissing, progress: session.rendering)
      for set in sets {
        images += set.samples.count
        let found = try set.unreadableImages(threads: context.loaderThreads) { done, total in
          try context.stop.check()
          try context.report(
            .progress("Checking \(set.name)", done: done, total: total, loss: nil))
        }
        bad += found.map { ($0.path, $0.reason) }
      }
      var table = Table(columns: [
        Table.Column("path", alignment: .left), Table.Column("problem", alignment: .left),
      ])
      for file in bad { table.append([Table.Cell(file.path), Table.Cell(file.reason)]) }
      try session.print(ResultText.text(table, talk.format))
      guard let first = bad.first else {
        return session.terminal.say("All \(images) images decode.")
      }
      throw HoldfastError.badData(
        "\(bad.count) of \(images) images do not decode, the first is \(first.path)",
        remedy: "Fetch these files again, or leave them out with --skip-bad.")
    }
  }
}
