import ArgumentParser
import Basics
import Benchmarks
import CLIP
import FeatureProtection

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score models on data sets.",
    discussion: """
      A model with head.safetensors is scored with it, any other with the zero-shot head for the \
      classes of the data. Beside OpenAI's releases (known by the digests of their files) stands \
      what others published of them.

      Example: holdfast evaluate --model clip/ runs/photos/checkpoints/l2-seed0 --data photos/
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Models: builtin:mini, folders or files.", valueName: "model"))
  var model: [String]

  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Data sets.", valueName: "data"))
  var data: [String]

  @Option(help: ArgumentHelp("A head for all models, in place of their own.", valueName: "file"))
  var head: String?

  @OptionGroup var names: NamingOptions
  @OptionGroup var adapter: AdapterOption

  @Option(help: "What the sets are to the models: id, id-val, ood or general.")
  var role: Role = .id

  @OptionGroup(title: "Data") var sets: DataOptions
  @OptionGroup(title: "Machine") var machine: MachineOptions
  @OptionGroup(title: "Talk") var talk: TalkOptions
  @OptionGroup(title: "Talk") var profiling: ProfileOptions

  func run() throws {
    let session = try Session(talk)
    let context = try session.context(machine, profiles: profiling.profile)
    let models = try context.timing(.reading) { () throws(HoldfastError) in
      try ModelComparison.read(model, adapter: adapter.adapter)
    }
    for (model, place) in zip(models, model) { session.tell(model.checkpoint.notes, of: place) }
    let comparison = try ModelComparison(
      models, head: head.map(ClassificationHead.read), classesFile: names.classes,
      prompts: names.prompts, role: role.role, batchSize: machine.batchSize ?? 128,
      metrics: sets.chosenMetrics, checksData: !sets.noCheck, context: context)
    let opened = try session.open(data, allowMissing: sets.allowMissing, context)
    let rows = try comparison.rows(on: opened)
    let published = try comparison.published(on: opened)
    let sources = Dictionary(published.map { ($0.release, $0.source) }) { first, _ in first }
    for (release, source) in sources.sorted(by: { $0.key < $1.key }) {
      session.terminal.show(.note("the published numbers of \(release) are from \(source)"))
    }
    let places = Dictionary(zip(models.map(\.name), model)) { first, _ in first }
    try session.print(
      ResultText(rows, published: published).list(talk.format) { row in
        ["model": .string(places[row.method] ?? row.method)]
      })
    session.say(context.ledger?.profile)
  }
}

/// What a data set is to a model.
enum Role: String, ExpressibleByArgument, CaseIterable {
  case id
  case validation = "id-val"
  case ood
  case general

  var role: ResultRow.Role { ResultRow.Role(rawValue: rawValue) ?? .inDistribution }
}
