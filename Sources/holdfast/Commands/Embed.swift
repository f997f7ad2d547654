import ArgumentParser
import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Torch

struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the features of images and texts.",
    discussion: """
      The file holds images [n, width] and texts [n, width], not normalised, one row an input; its \
      metadata lists the inputs. Folders are read in byte order of their paths.

      Example: holdfast embed --model clip/ --images photos/ --texts captions.txt --out f.safetensors
      """)

  @Option(help: ArgumentHelp("The model: builtin:mini, a folder or a file.", valueName: "model"))
  var model: String

  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Image files and folders.", valueName: "path"))
  var images: [String] = []

  @Option(help: ArgumentHelp("Texts, one a line.", valueName: "file"))
  var texts: String?

  @Option(help: ArgumentHelp("The file to write.", valueName: "file.safetensors"))
  var out: String

  @OptionGroup var adapter: AdapterOption
  @OptionGroup(title: "Machine") var machine: MachineOptions
  @OptionGroup(title: "Talk") var talk: TalkOptions

  func run() throws {
    guard !images.isEmpty || texts != nil else {
      throw HoldfastError.usage(
        "there is nothing to embed", remedy: "Give --images, --texts, or both.")
    }
    let session = try Session(talk)
    let context = try session.context(machine)
    let paths = try ImagePaths.list(images)
    let lines = try texts.map(TextFileLines.read) ?? []
    let extractor = try FeatureExtractor(
      session.read(model, adapter: adapter.adapter), batchSize: machine.batchSize ?? 128,
      context: context)
    var tensors: [(name: String, tensor: Tensor)] = []
    var metadata = ["model": model]
    metadata["adapter"] = adapter.adapter
    if !paths.isEmpty {
      let result = try extractor.images(paths)
      tensors.append(("images", result.features))
      metadata["images"] = JSONValue.array(result.paths.map(JSONValue.string)).text()
      session.warn(ofSkipped: result.skipped)
    }
    if !lines.isEmpty {
      let result = try extractor.texts(lines)
      tensors.append(("texts", result.features))
      metadata["texts"] = JSONValue.array(lines.map(JSONValue.string)).text()
      if let first = result.shortened.first {
        session.terminal.say(
          "warning: \(result.shortened.count) texts are longer than the model reads and were cut; "
            + "the first is line \(first + 1)")
      }
    }
    try SafetensorsFile.write(tensors, metadata: metadata, to: out)
    session.terminal.clear()
    session.terminal.say("Wrote \(out)")
  }
}
