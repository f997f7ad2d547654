import ArgumentParser
import Basics
import Benchmarks
import FeatureProtection

struct Drift: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how far fine-tuning moved features and weights.",
    discussion: """
      Features: the mean distance between what both models make of an image, as it is and at unit \
      length, the mean cosine, and linear CKA (1: the images lie in the same arrangement), each set \
      for itself; ± is half a 95 % interval. Weights: the distance of each layer, and what part of \
      the start's length that is.

      Example: holdfast drift --from clip/ --to runs/photos/checkpoints/full-seed0 \
      --data photos/ sketches/
      """)

  @Option(help: ArgumentHelp("The reference.", valueName: "model"))
  var from: String

  @Option(help: ArgumentHelp("What was fine-tuned from it.", valueName: "model"))
  var to: String

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Data sets.", valueName: "data"))
  var data: [String]

  @Flag(help: "Accept copies of data sets that lack images.")
  var allowMissing = false

  @OptionGroup(title: "Machine") var machine: MachineOptions
  @OptionGroup(title: "Talk") var talk: TalkOptions
  @OptionGroup(title: "Talk") var profiling: ProfileOptions

  func run() throws {
    let session = try Session(talk)
    let context = try session.context(machine, profiles: profiling.profile)
    let drift = try context.timing(.reading) { () throws(HoldfastError) in
      try ModelDrift(
        from: session.read(from), to: session.read(to), batchSize: machine.batchSize ?? 128,
        context: context)
    }
    let sets = try session.open(data, allowMissing: allowMissing, context)
    let weights = try drift.weights()
    let features = try drift.features(on: sets)
    for (set, _, skipped) in features where skipped > 0 {
      let images = skipped == 1 ? "1 image was" : "\(skipped) images were"
      session.terminal.say("warning: \(set): \(images) left out")
    }
    try session.print(
      DriftText(from: from, to: to, features: features, weights: weights).text(talk.format))
    session.say(context.ledger?.profile)
  }
}
