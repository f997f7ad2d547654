import ArgumentParser
import Basics
import FeatureProtection
import Foundation
import Reporting

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a comparison: methods x seeds x evaluation sets.",
    discussion: """
      The configuration is a YAML file:

        model: clip-vit-base-patch32/
        data: {train: photos/, id: [photos/], ood: [sketches/, paintings/]}
        methods: [zero-shot, full, l2, wise-ft]
        seeds: 3
        lr: 1e-5

      With extends: other.yaml a file holds only what it changes in another. --dry-run prints the \
      resolved configuration, and reads no data.

      Example: holdfast compare photos.yaml --set l2.strength=0.1 --out runs/photos
      """)

  @Argument(
    help: ArgumentHelp("The configuration.", valueName: "config.yaml"),
    completion: .file(extensions: ["yaml", "yml"]))
  var file: String

  @Option(help: ArgumentHelp("How many seeds, in place of the file's.", valueName: "count"))
  var seeds: Int?

  @Flag(help: "Also follow the strengths of L1, L2 and KD and the rank of LoRA.")
  var paths = false

  @Flag(help: "Print the resolved configuration as YAML, and end.")
  var dryRun = false

  @OptionGroup(title: "Settings") var study: StudyOptions
  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Machine") var machine: MachineOptions
  @OptionGroup(title: "Talk") var talk: TalkOptions
  @OptionGroup(title: "Talk") var profiling: ProfileOptions

  func run() throws {
    let stem = ((file as NSString).lastPathComponent as NSString).deletingPathExtension
    var overlays: [JSONValue] = [.object(["name": .string(stem)])]
    overlays += try ConfigurationFile.overlays(file)
    overlays += try study.overlays(machine, data)
    if let seeds { overlays.append(.object(["seeds": .integer(seeds)])) }
    var configuration = try StudyConfiguration(overlays)
    if paths { configuration = try StudyConfiguration(overlays + [configuration.paths]) }
    if dryRun { return try Session(talk).print(YAMLText.document(configuration.tree)) }
    let folder = study.out ?? "runs/\(configuration.name)"
    try StudyRun(
      configuration: configuration, folder: folder, talk: talk, profiles: profiling.profile
    ).run()
  }
}
