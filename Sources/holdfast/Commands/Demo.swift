import ArgumentParser
import Basics
import FeatureProtection

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the comparison on the embedded benchmark and model.",
    discussion: """
      Trains every method on photographs and scores it on five other domains.

      Example: holdfast demo --seeds 5 --out runs/demo
      Where the time goes: holdfast demo --seeds 1 --profile
      """)

  @Option(help: ArgumentHelp("How many seeds (default: 3).", valueName: "count"))
  var seeds: Int?

  @Flag(help: "Also follow the strengths of L1, L2 and KD and the rank of LoRA.")
  var paths = false

  @OptionGroup(title: "Settings") var study: StudyOptions
  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Machine") var machine: MachineOptions
  @OptionGroup(title: "Talk") var talk: TalkOptions
  @OptionGroup(title: "Talk") var profiling: ProfileOptions

  func run() throws {
    var overlays = [StudyConfiguration.demo] + (try study.overlays(machine, data))
    if let seeds { overlays.append(.object(["seeds": .integer(seeds)])) }
    var configuration = try StudyConfiguration(overlays)
    if paths { configuration = try StudyConfiguration(overlays + [configuration.paths]) }
    try StudyRun(
      configuration: configuration, folder: study.out ?? "runs/demo", talk: talk,
      profiles: profiling.profile
    ).run()
  }
}
