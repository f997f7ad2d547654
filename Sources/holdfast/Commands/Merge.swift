import ArgumentParser
import Basics
import CLIP
import FeatureProtection
import Foundation

struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Interpolate or average checkpoints, or merge an adapter into one.",
    discussion: """
      Every tensor takes part, the head included. A model without head.safetensors gets the \
      zero-shot head for the others' classes.

      Example: holdfast merge --from clip/ --to runs/photos/checkpoints/full-seed0 --alpha 0.5 \
      --out merged/
      Example: holdfast merge --from clip/ --adapter lora/ --out merged/
      Example: holdfast merge --soup uniform --model a/ b/ c/ --out soup/
      Example: holdfast merge --soup greedy --model a/ b/ c/ --data photos-val/ --out soup/
      Example: holdfast merge --stock --from clip/ --model a/ b/ --out stock/
      """)

  @Option(
    help: ArgumentHelp("The model at α = 0; for --stock the reference.", valueName: "model"))
  var from: String?

  @Option(help: ArgumentHelp("The model at α = 1.", valueName: "model"))
  var to: String?

  @Option(help: ArgumentHelp("The share of --to.", valueName: "number"))
  var alpha: Double?

  @Option(
    help: ArgumentHelp(
      "A LoRA adapter, as PEFT stores it, to merge into --from.", valueName: "folder"))
  var adapter: String?

  @Option(
    help: ArgumentHelp(
      "Average models: uniform, all of them; greedy, those that raise the score on --data.",
      valueName: "kind"))
  var soup: String?

  @Flag(
    help: ArgumentHelp(
      "Model Stock: each tensor between --from and the mean of the models, by how they agree."))
  var stock = false

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("The models of a soup or a stock.", valueName: "model"))
  var model: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Validation images for a greedy soup.", valueName: "data"))
  var data: [String] = []

  @OptionGroup var names: NamingOptions

  @Option(help: ArgumentHelp("The folder to write.", valueName: "folder"))
  var out: String

  @Option(help: "The layout to write, hf or openclip (default: hf, for a ResNet openclip).")
  var layout: CheckpointLayout?

  @OptionGroup(title: "Data") var sets: DataOptions
  @OptionGroup(title: "Machine") var machine: MachineOptions
  @OptionGroup(title: "Talk") var talk: TalkOptions

  func run() throws {
    let session = try Session(talk)
    let plan = try MergePlan(
      MergePlan.Request(
        from: from, to: to, alpha: alpha, adapter: adapter, soup: soup, isStock: stock,
        models: model, data: data))
    let context = try session.context(machine)
    let made = try make(plan, session, context)
    try made.checkpoint.write(to: out, layout: layout, metadata: made.metadata)
    session.terminal.clear()
    session.terminal.say("Wrote \(out)")
  }

  /// Carries out a plan.
  private func make(
    _ plan: MergePlan, _ session: Session, _ context: RunContext
  ) throws -> (checkpoint: Checkpoint, metadata: [String: String]) {
    func read(_ models: [String]) throws -> [Checkpoint] { try models.map { try session.read($0) } }
    switch plan {
    case .adapter(let model, let folder):
      return (
        try session.read(model, adapter: folder),
        ["method": "lora", "adapter": folder ?? model]
      )
    case .point(let from, let to, let alpha):
      if !(0...1).contains(alpha) {
        session.terminal.say("warning: α = \(alpha) lies outside the line from 0 to 1")
      }
      let ends = try Checkpoint.withHeads(read([from, to]), prompts: names.prompts, context)
      return (
        try .interpolated(from: ends[0], to: ends[1], alpha: alpha),
        ["method": "wise-ft", "alpha": "\(alpha)"]
      )
    case .stock(let reference, let tuned):
      let all = try Checkpoint.withHeads(
        read([reference] + tuned), prompts: names.prompts, context)
      let stock = try Checkpoint.stock(reference: all[0], tuned: Array(all.dropFirst()))
      session.terminal.say(Self.text(ofShares: stock.shares.map(\.share)))
      return (stock.checkpoint, ["method": "model-stock", "models": "\(tuned.count)"])
    case .soup(.uniform, let models):
      return (
        try .uniformSoup(Checkpoint.withHeads(read(models), prompts: names.prompts, context)),
        ["method": "uniform-soup", "models": "\(models.count)"]
      )
    case .soup(.greedy, let models):
      let search = try GreedySoupSearch(
        read(models), classesFile: names.classes, prompts: names.prompts,
        batchSize: machine.batchSize ?? 128, metrics: sets.chosenMetrics,
        checksData: !sets.noCheck, context: context)
      let result = try search.soup(
        on: session.open(data, allowMissing: sets.allowMissing, context))
      session.terminal.clear()
      for (model, score) in zip(models, result.scores) {
        session.terminal.say("\(Self.perCent(score))  \(model)")
      }
      let joined = result.members.map { models[$0] }
      session.terminal.say(
        "\(Self.perCent(result.score))  soup of \(joined.joined(separator: ", "))")
      return (
        result.checkpoint,
        [
          "method": "greedy-soup", "models": "\(joined.count)",
          "members": JSONValue.array(joined.map(JSONValue.string)).text(),
          "score": "\(result.score)",
        ]
      )
    }
  }

  private static func text(ofShares shares: [Double]) -> String {
    guard let least = shares.min(), let most = shares.max() else {
      return "The models are all the reference itself."
    }
    let mean = shares.reduce(0, +) / Double(shares.count)
    return String(
      format: "From the reference (0) to the models' mean (1): %.2f to %.2f, on average %.2f over "
        + "%d tensors.", least, most, mean, shares.count)
  }

  private static func perCent(_ value: Double) -> String { String(format: "%5.1f", 100 * value) }
}
