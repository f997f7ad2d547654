import ArgumentParser

/// The type of matrix products.
enum Precision: String, ExpressibleByArgument, CaseIterable {
  case fp32, bf16
}

/// Where and how a command computes; where nothing is given, a configuration decides.
struct MachineOptions: ParsableArguments {
  @Option(help: ArgumentHelp("auto, cpu, cuda[:N] or mps (default: auto).", valueName: "device"))
  var device: String?

  @Option(
    help: ArgumentHelp(
      "Threads for computing and decoding; 0 is all cores (default: 0).",
      valueName: "count"))
  var threads: Int?

  @Option(help: "Matrix products in fp32 or bf16 (default: fp32).")
  var precision: Precision?

  @Flag(
    help: ArgumentHelp(
      "Leave out all fast paths, to tell whether a number depends on them.",
      discussion: """
        libtorch's own operators, whole files decoded by portable code, texts at full length, \
        nothing kept to be used again. Slower; numbers are the same up to rounding.
        """))
  var exact = false

  @Option(help: ArgumentHelp("Images at once.", valueName: "images"))
  var batchSize: Int?

  @Option(help: ArgumentHelp("The seed of the run (default: 0).", valueName: "number"))
  var seed: Int?

  @Flag(help: "Leave out images that do not decode, and count them.")
  var skipBad = false

  mutating func validate() throws {
    if let batchSize, !(1...1_000_000).contains(batchSize) {
      throw ValidationError("--batch-size is \(batchSize): it must be from 1 to 1000000")
    }
  }
}
