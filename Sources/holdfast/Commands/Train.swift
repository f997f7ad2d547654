import ArgumentParser
import Basics
import Benchmarks
import FeatureProtection

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fine-tune a model with one method.",
    discussion: """
      The model is scored on the data's own test or validation split, where it has one.

      Example: holdfast train --model clip/ --data photos/ --method l2 --set l2.strength=0.1
      """)

  @Option(help: ArgumentHelp("The model: builtin:mini, a folder or a file.", valueName: "model"))
  var model: String

  @Option(help: ArgumentHelp("The images to train on.", valueName: "data"))
  var data: String

  @Option(
    help: ArgumentHelp(
      "The method: \(MethodTable.names.joined(separator: ", ")).", valueName: "name"))
  var method: String

  @Option(help: ArgumentHelp("Class names, one a line.", valueName: "file"))
  var classes: String?

  @Option(help: ArgumentHelp("Prompts, one a line; {} is the class name.", valueName: "file"))
  var prompts: String?

  @Option(help: ArgumentHelp("The head to start from (default: zero-shot).", valueName: "file"))
  var head: String?

  @OptionGroup(title: "Settings") var study: StudyOptions
  @OptionGroup(title: "Data") var sets: DataOptions
  @OptionGroup(title: "Machine") var machine: MachineOptions
  @OptionGroup(title: "Talk") var talk: TalkOptions
  @OptionGroup(title: "Talk") var profiling: ProfileOptions

  func run() throws {
    var values: [String: JSONValue] = [
      "name": .string(method), "model": .string(model), "methods": .array([.string(method)]),
      // One method has no setting to choose unless it is a grid, so every image is trained on.
      "data": .object([
        "train": .string(data), "validation-fraction": .integer(0),
        "id": .array(try testData.map { [.string($0)] } ?? []),
      ]),
    ]
    values["classes"] = classes.map(JSONValue.string)
    values["prompts"] = prompts.map(JSONValue.string)
    values["head"] = head.map(JSONValue.string)
    let configuration = try StudyConfiguration(
      [.object(values)] + study.overlays(machine, sets))
    let folder = study.out ?? "runs/\(configuration.name)"
    try StudyRun(
      configuration: configuration, folder: folder, talk: talk, profiles: profiling.profile,
      listsRows: true
    ).run()
  }

  private var testData: String? {
    get throws(HoldfastError) {
      _ = try MethodTable.method(method)
      return try DatasetSpecifier.parse(data).ownTestPart()?.text
    }
  }
}
