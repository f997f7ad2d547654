import ArgumentParser
import Basics
import CLIP
import FeatureProtection
import Foundation
import Reporting

extension CheckpointLayout: ExpressibleByArgument {}

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model in another layout.",
    discussion: """
      Reads folders of transformers and open_clip, and files of OpenAI, open_clip and the model \
      soups; no code in them is run. What was written is read again and compared bit for bit.

      With --adapter the adapter is written, not the model: under the layout's names of modules, for \
      PEFT to load onto that model. (To write a model with the adapter in it, merge it first.)

      The activation belongs to the weights and is never guessed: say it with --activation where a \
      file does not. OpenAI's own archives need nothing said.

      Example: holdfast convert --model ViT-B-16.pt --layout hf --out clip/
      Example: holdfast convert --model epoch_32.pt --activation gelu --layout openclip --out clip/
      Example: holdfast convert --model clip/ --adapter lora/ --layout openclip --out lora-openclip/
      """)

  /// What is said of an activation on the command line.
  enum StatedActivation: String, ExpressibleByArgument, CaseIterable {
    case quickGELU = "quick-gelu"
    case gelu

    var activation: Activation { self == .gelu ? .gelu : .quickGELU }
  }

  @Option(help: ArgumentHelp("The model: builtin:mini, a folder or a file.", valueName: "model"))
  var model: String

  @Option(help: "The layout to write: hf for transformers, openclip for open_clip.")
  var layout: CheckpointLayout

  @Option(help: ArgumentHelp("The folder to write.", valueName: "folder"))
  var out: String

  @Option(
    help: ArgumentHelp(
      "Resize the table of positions for images of this side.", valueName: "pixels"))
  var imageSize: Int?

  @Option(help: "What the weights were trained with, where the file does not say it.")
  var activation: StatedActivation?

  @Option(
    help: ArgumentHelp(
      "Names of the classes of a soup's classifier, one a line (default: classes.txt beside it).",
      valueName: "file"))
  var classes: String?

  @Option(
    help: ArgumentHelp(
      "A LoRA adapter for the model, as PEFT stores it, to write in place of the model.",
      valueName: "folder"))
  var adapter: String?

  @OptionGroup(title: "Talk") var talk: TalkOptions

  func validate() throws {
    if adapter != nil, imageSize != nil {
      throw ValidationError("--image-size is of the model, and --adapter writes none")
    }
  }

  func run() throws {
    let session = try Session(talk)
    try checkFolder()
    var checkpoint = try session.read(
      model, activation: activation?.activation,
      classes: classes.map { try ClassNames(file: $0).names })
    if let adapter {
      session.terminal.clear()
      return try session.print(text(of: AdapterConversion(adapter, of: checkpoint, at: model)))
    }
    // What is written is still that release, if it was one.
    let origin = try imageSize == nil ? KnownRelease.metadata(of: model, checkpoint) : [:]
    if let imageSize { checkpoint = try checkpoint.resized(to: imageSize) }
    if checkpoint.hasTextTower, !checkpoint.hasTokenizerFiles {
      session.terminal.say(
        "note: there is no tokenizer beside the model; put vocab.json and merges.txt, or "
          + "bpe_simple_vocab_16e6.txt.gz, into \(out)")
    }
    try checkpoint.write(to: out, layout: layout, metadata: origin)
    let differences = try Checkpoint.read(out).differences(from: checkpoint)
    guard differences.isEmpty else {
      throw HoldfastError.cannotWrite(
        "\(out): reads back otherwise than it was written: \(differences.joined(separator: ", "))",
        remedy: "Check the disk, and convert again.")
    }
    session.terminal.clear()
    try session.print(text(of: checkpoint))
  }

  /// Refuses a folder whose content could be somebody's, and the model's own.
  private func checkFolder() throws(HoldfastError) {
    let files = FileManager.default
    let isThere = files.fileExists(atPath: out)
    let content = (try? files.contentsOfDirectory(atPath: out)) ?? []
    let isCheckpoint =
      adapter == nil
      ? CheckpointLayout.allCases.contains { content.contains($0.configurationFile) }
      : ModelLocation.isAdapter(out)
    guard !isThere || isCheckpoint || content.isEmpty else {
      throw .cannotWrite(
        "\(out): the folder holds \(content.count) files, and no "
          + (adapter == nil ? "model" : "adapter"),
        remedy: "Choose a new folder, or an empty one.")
    }
    func resolved(_ path: String) -> String {
      URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
    let parent = (model as NSString).deletingLastPathComponent
    guard
      ![model, parent.isEmpty ? "." : parent, adapter ?? model]
        .contains(where: { resolved($0) == resolved(out) })
    else {
      throw .cannotWrite(
        "\(out): the \(adapter == nil ? "model" : "model or the adapter") lies there itself",
        remedy: "Choose another folder.")
    }
  }

  /// Writes an adapter under the other names, and says how it reads back.
  private func text(of conversion: AdapterConversion) throws -> String {
    let difference = try conversion.write(
      to: out, naming: layout == .openCLIP ? .openCLIP : .huggingFace)
    if talk.format == .json {
      return JSONValue.object([
        "model": .string(model), "adapter": .string(conversion.source), "out": .string(out),
        "layout": .string(layout.rawValue),
        "modules": .integer(conversion.adapters.modules.count),
        "read_again_difference": .number(difference),
      ]).text() + "\n"
    }
    let table = Table(
      columns: [
        Table.Column("written", alignment: .left), Table.Column("layout", alignment: .left),
        Table.Column("updates"), Table.Column("read again", alignment: .left),
      ],
      rows: [
        [
          out, layout.rawValue, "\(conversion.adapters.modules.count)",
          difference == 0 ? "every bit same" : String(format: "same to %.0e", difference),
        ].map { Table.Cell($0) }
      ])
    return ResultText.text(table, talk.format)
  }

  private func text(of checkpoint: Checkpoint) -> String {
    let architecture = checkpoint.architecture
    let parameters = checkpoint.weights.layout.parameterCount
    let name = architecture.text.activation.rawValue
    guard talk.format == .json else {
      let table = Table(
        columns: [
          Table.Column("written", alignment: .left), Table.Column("layout", alignment: .left),
          Table.Column("activation", alignment: .left), Table.Column("image size"),
          Table.Column("parameters"), Table.Column("read again", alignment: .left),
        ],
        rows: [
          [
            out, layout.rawValue, name, "\(architecture.imageSize)", "\(parameters)",
            "every bit same",
          ]
          .map { Table.Cell($0) }
        ])
      return ResultText.text(table, talk.format)
    }
    return JSONValue.object([
      "model": .string(model), "out": .string(out), "layout": .string(layout.rawValue),
      "activation": .string(name), "image_size": .integer(architecture.imageSize),
      "parameters": .integer(parameters), "tensors": .integer(checkpoint.weights.names.count),
      "classes": checkpoint.head.map { .integer($0.classes.count) } ?? .null,
      "round_trip": .bool(true), "notes": .array(checkpoint.notes.map(JSONValue.string)),
    ]).text() + "\n"
  }
}
