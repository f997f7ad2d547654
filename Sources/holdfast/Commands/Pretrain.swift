import ArgumentParser
import Basics
import FeatureProtection
import Foundation

struct Pretrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make the embedded model anew, from captioned images of all domains.",
    discussion: """
      Writes a CLIP of 520 thousand weights in the Hugging Face layout. The shipped model is that \
      of the defaults.

      Example: holdfast pretrain --out mini
      """)

  @Option(help: "The folder to write.")
  var out: String

  @Option(help: ArgumentHelp("Optimiser steps.", valueName: "count"))
  var steps = Pretraining().steps

  @Option(help: ArgumentHelp("Of weights, images and captions.", valueName: "number"))
  var seed = Pretraining().seed

  @Option(help: ArgumentHelp("Images that are rendered once.", valueName: "count"))
  var pool = Pretraining().poolSize

  @Option(help: ArgumentHelp("Threads for computing; 0 is all cores.", valueName: "count"))
  var threads = 0

  @Flag(help: "Leave out all fast paths; slower, the same up to rounding.")
  var exact = false

  @OptionGroup(title: "Talk") var talk: TalkOptions

  func validate() throws {
    for (name, value) in [("steps", steps), ("pool", pool)]
    where !(1...100_000_000).contains(value) {
      throw ValidationError("--\(name) is \(value): it must be from 1 to 100000000")
    }
  }

  func run() throws {
    let session = try Session(talk)
    let context = try session.context(
      device: "cpu", threads: threads, precision: "fp32", exact: exact, skipBad: false)
    var training = Pretraining()
    training.steps = steps
    training.seed = seed
    training.poolSize = pool
    let losses = try training.run(to: out, context: context)
    let last = losses.suffix(100)
    try session.print(
      String(
        format: "%@: %d steps, loss of the last %d: %.3f\n", out, steps, last.count,
        last.reduce(0, +) / Double(max(last.count, 1))))
  }
}
