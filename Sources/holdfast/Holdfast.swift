import ArgumentParser
import FeatureProtection
import Foundation
import Torch

/// The command line.
@main
struct Holdfast: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast",
    abstract: "Fine-tune CLIP classifiers, and measure what it costs out of distribution.",
    discussion: """
      Results go to stdout, talk and progress to stderr.

      Try it: holdfast demo
      Your own data: holdfast train --model clip/ --data photos/ --method l2 --out runs/photos
      """,
    version: RunEnvironment.version,
    groupedSubcommands: [
      CommandGroup(name: "Comparing:", subcommands: [Demo.self, Compare.self, Report.self]),
      CommandGroup(
        name: "Models:",
        subcommands: [
          Train.self, Evaluate.self, Sweep.self, Drift.self, Merge.self, Convert.self, Embed.self,
          Predict.self, Pretrain.self,
        ]),
      CommandGroup(name: "Data and machine:", subcommands: [DataCommand.self, Doctor.self]),
    ])

  static func main() {
    // A closed pipe and a file size limit come back as errors of the write.
    signal(SIGPIPE, SIG_IGN)
    #if os(Linux)
      signal(SIGXFSZ, SIG_IGN)
    #endif
    Machine.keepFreedMemory()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      Foundation.exit(Failure(error).report())
    }
  }
}
