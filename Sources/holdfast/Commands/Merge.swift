import ArgumentParser
import Basics
import CLIP
import FeatureProtection

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
      """)

  @Option(help: ArgumentHelp("The model at α = 0.", valueName: "model"))
  var from: String?

  @Option(help: ArgumentHelp("The model at α = 1.", valueName: "model"))
  var to: String?

  @Option(help: ArgumentHelp("The share of --to.", valueName: "number"))
  var alpha: Double?

  @Option(
    help: ArgumentHelp(
      "A LoRA adapter, as PEFT stores it, to merge into --from.", valueName: "folder"))
  var adapter: String?

  @Option(help: ArgumentHelp("Average all models: uniform.", valueName: "kind"))
  var soup: String?

  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("The models of a soup.", valueName: "model"))
  var model: [String] = []

  @Option(
    help: ArgumentHelp("Prompts for a zero-shot head, one a line.", valueName: "file"))
  var prompts: String?

  @Option(help: ArgumentHelp("The folder to write.", valueName: "folder"))
  var out: String

  @Option(help: "The layout to write, hf or openclip (default: hf, for a ResNet openclip).")
  var layout: CheckpointLayout?

  @OptionGroup(title: "Machine") var machine: MachineOptions
  @OptionGroup(title: "Talk") var talk: TalkOptions

  func run() throws {
    let session = try Session(talk)
    let context = try session.context(machine)
    let result: Checkpoint
    var metadata: [String: String] = [:]
    if let from, to == nil, alpha == nil, soup == nil, model.isEmpty,
      adapter != nil || ModelLocation.isAdapter(from)
    {
      result = try session.read(from, adapter: adapter)
      metadata = ["method": "lora", "adapter": adapter ?? from]
    } else if adapter != nil {
      throw HoldfastError.usage(
        "--adapter belongs to --from alone",
        remedy: "Merge the adapter into its model first, then combine the result with others.")
    } else if let soup {
      guard soup == "uniform" else {
        throw HoldfastError.usage(
          "there is no soup \(soup)", remedy: "Give --soup uniform; it is the only one so far.")
      }
      let names = [from, to].compactMap { $0 } + model
      guard names.count > 1, alpha == nil else {
        throw HoldfastError.usage(
          alpha == nil ? "a soup of \(names.count) models" : "--soup and --alpha together",
          remedy: "Name two or more models with --model, and give no --alpha.")
      }
      let models = try names.map { try session.read($0) }
      result = try Checkpoint.uniformSoup(
        Checkpoint.withHeads(models, prompts: prompts, context))
      metadata = ["method": "uniform-soup"]
    } else {
      guard let from, let to, let alpha, model.isEmpty else {
        throw HoldfastError.usage(
          "--from, --to and --alpha belong together",
          remedy: "Give all three, or --from with --adapter, or --soup uniform with --model.")
      }
      guard alpha.isFinite, abs(alpha) <= 1000 else {
        throw HoldfastError.usage(
          "--alpha is \(alpha)", remedy: "Give a number; 0 is --from and 1 is --to.")
      }
      if !(0...1).contains(alpha) {
        session.terminal.say("warning: α = \(alpha) lies outside the line from 0 to 1")
      }
      let ends = try Checkpoint.withHeads(
        [session.read(from), session.read(to)], prompts: prompts, context)
      result = try Checkpoint.interpolated(from: ends[0], to: ends[1], alpha: alpha)
      metadata = ["method": "wise-ft", "alpha": "\(alpha)"]
    }
    try result.write(to: out, layout: layout, metadata: metadata)
    session.terminal.clear()
    session.terminal.say("Wrote \(out)")
  }
}
