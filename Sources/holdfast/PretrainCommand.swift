import ArgumentParser
import Basics
import FeatureProtection
import Foundation

/// `holdfast pretrain`: makes the embedded model anew.
struct PretrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "pretrain")
  @Option var out: String
  @Option var steps = 6000
  @Option var seed = 0
  @Option var rate = 2e-3

  func run() throws {
    var training = Pretraining()
    training.steps = steps
    training.seed = seed
    training.rate = rate
    let begin = Date()
    var context = RunContext()
    context.report = { event in
      if case .step(let record) = event, record.step % 100 == 0 {
        print(record.step, record.loss, Date().timeIntervalSince(begin))
      }
    }
    try training.run(to: out, context: context)
  }
}
