// One side of `make bench`: a process that holds one measurement ready and runs it when told to.
//
//     Speed NAME FOLDER      NAME is a key of FOLDER/settings.json; Benchmarks/run.py makes both
//
// It prints a line when it is ready, then answers every line `go` with a line of JSON.
import Basics
import Foundation
import Torch

@main
enum Speed {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 3 else {
      stop("Speed NAME FOLDER: run it through Benchmarks/run.py", code: 64)
    }
    // As the program does.
    Machine.keepFreedMemory()
    do {
      let inputs = try Inputs(name: arguments[1], folder: arguments[2])
      let kind = try inputs.text("kind")
      guard let part = parts[kind] else {
        throw HoldfastError.usage(
          "there is no part \(kind)",
          remedy: "Known: \(parts.keys.sorted().joined(separator: ", ")).")
      }
      try part(inputs, Conversation())
    } catch is Conversation.Over {
      return
    } catch {
      stop("\(arguments[1]): \(error)", code: 70)
    }
  }

  /// A measurement: prepares, then holds its side of the conversation until that is over.
  typealias Part = @Sendable (Inputs, Conversation) throws -> Void

  /// The parts by the kind that settings name.
  static let parts: [String: Part] = [
    "train": trainingPart,
    "infer": inferencePart,
    "text-head": textHeadPart,
    "load": loadingPart,
    "sweep": sweepPart,
    "sweep-ideal": idealSweepPart,
    "store": storePart,
    "store-ideal": plainReadPart,
    "optimizer": optimizerPart,
    "arrays": arraysPart,
    "roofline": rooflinePart,
    "products": productsPart,
  ]

  private static func stop(_ message: String, code: Int32) -> Never {
    FileHandle.standardError.write(Data("\(message)\n".utf8))
    exit(code)
  }
}
