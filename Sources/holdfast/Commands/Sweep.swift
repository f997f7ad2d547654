import ArgumentParser
import Basics
import Benchmarks
import FeatureProtection

struct Sweep: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the WiSE-FT curve between two models.",
    discussion: """
      A model without head.safetensors gets the zero-shot head for the other's classes.

      Example: holdfast sweep --from clip/ --to runs/photos/checkpoints/full-seed0 \
      --alpha 0:1:0.1 --data photos/ sketches/
      """)

  @Option(help: ArgumentHelp("The model at α = 0.", valueName: "model"))
  var from: String

  @Option(help: ArgumentHelp("The model at α = 1.", valueName: "model"))
  var to: String

  @Option(help: ArgumentHelp("A number, a list 0,0.5,1 or first:last:step.", valueName: "grid"))
  var alpha = "0:1:0.1"

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Data sets.", valueName: "data"))
  var data: [String]

  @OptionGroup var names: NamingOptions

  @Option(help: "What the sets are to the models: id, id-val, ood or general.")
  var role: Role = .id

  @OptionGroup(title: "Data") var sets: DataOptions
  @OptionGroup(title: "Machine") var machine: MachineOptions
  @OptionGroup(title: "Talk") var talk: TalkOptions
  @OptionGroup(title: "Talk") var profiling: ProfileOptions

  func run() throws {
    guard let alphas = AlphaGrid.values(.string(alpha)) else {
      throw HoldfastError.usage(
        "--alpha is \(alpha)", remedy: "Give a number, a list such as 0,0.5,1, or 0:1:0.1.")
    }
    let session = try Session(talk)
    let context = try session.context(machine, profiles: profiling.profile)
    let ends = try context.timing(.reading) { () throws(HoldfastError) in
      (try session.read(from), try session.read(to))
    }
    let sweep = try InterpolationSweep(
      from: ends.0, to: ends.1, alphas: alphas,
      classesFile: names.classes, prompts: names.prompts, role: role.role,
      batchSize: machine.batchSize ?? 128, metrics: sets.chosenMetrics,
      checksData: !sets.noCheck, context: context)
    let opened = try session.open(data, allowMissing: sets.allowMissing, context)
    let rows = try sweep.rows(on: opened)
    try session.print(
      ResultText(rows).list(talk.format, title: "method", settings: ["alpha"]))
    session.say(context.ledger?.profile)
  }
}
