import ArgumentParser
import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import Reporting

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what is on images.",
    discussion: """
      A model with head.safetensors knows its classes; any other needs --classes.

      Example: holdfast predict --model clip/ --classes birds.txt --top 3 photo.jpg
      """)

  @Option(help: ArgumentHelp("The model: builtin:mini, a folder or a file.", valueName: "model"))
  var model: String

  @Option(help: ArgumentHelp("Class names, one a line.", valueName: "file"))
  var classes: String?

  @Option(
    help: ArgumentHelp(
      "Prompts, one a line; {} is the class name (default: the model's own, or openai-80).",
      valueName: "file"))
  var prompts: String?

  @Option(help: ArgumentHelp("How many classes to show.", valueName: "count"))
  var top = 5

  @Flag(help: "Give the raw logits of all classes.")
  var logits = false

  @Argument(help: ArgumentHelp("Image files and folders.", valueName: "image"))
  var images: [String]

  @OptionGroup var adapter: AdapterOption
  @OptionGroup(title: "Machine") var machine: MachineOptions
  @OptionGroup(title: "Talk") var talk: TalkOptions

  func validate() throws {
    if top < 1 { throw ValidationError("--top is \(top): it must be at least 1") }
  }

  func run() throws {
    let session = try Session(talk)
    let context = try session.context(machine)
    let paths = try ImagePaths.list(images)
    let predictor = try ImagePredictor(
      session.read(model, adapter: adapter.adapter),
      classes: try classes.map { try ClassNames(file: $0).names },
      prompts: prompts, batchSize: machine.batchSize ?? 128, context: context)
    let (answers, skipped) = try predictor.answers(paths)
    session.warn(ofSkipped: skipped)
    try session.print(
      logits ? text(logitsOf: answers, predictor.classes) : text(answers, predictor.classes))
  }

  private func text(_ answers: [ImagePredictor.Answer], _ classes: [String]) -> String {
    if talk.format == .json {
      return array(
        answers.map { answer in
          .object([
            "image": .string(answer.path),
            "predictions": .array(
              answer.ranking.prefix(top).map { index in
                .object([
                  "class": .string(classes[index]), "index": .integer(index),
                  "probability": number(answer.probabilities[index]),
                ])
              }),
          ])
        })
    }
    var table = Table(columns: [
      Table.Column("image", alignment: .left), Table.Column("rank"),
      Table.Column("class", alignment: .left), Table.Column("index"),
      Table.Column("probability"),
    ])
    for answer in answers {
      for (rank, index) in answer.ranking.prefix(top).enumerated() {
        let probability = answer.probabilities[index]
        let shown =
          talk.format == .csv ? "\(probability)" : String(format: "%.1f %%", 100 * probability)
        table.append([
          Table.Cell(answer.path), Table.Cell("\(rank + 1)"), Table.Cell(classes[index]),
          Table.Cell("\(index)"), Table.Cell(shown),
        ])
      }
    }
    return ResultText.text(table, talk.format)
  }

  private func text(logitsOf answers: [ImagePredictor.Answer], _ classes: [String]) -> String {
    if talk.format == .json {
      return array(
        answers.map { answer in
          .object([
            "image": .string(answer.path), "classes": .array(classes.map(JSONValue.string)),
            "logits": .array(answer.logits.map(number)),
          ])
        })
    }
    let columns = [Table.Column("image", alignment: .left)] + classes.map { Table.Column($0) }
    let rows = answers.map { answer in
      [Table.Cell(answer.path)]
        + answer.logits.map { logit in
          Table.Cell(talk.format == .csv ? "\(logit)" : String(format: "%.4f", logit))
        }
    }
    return ResultText.text(Table(columns: columns, rows: rows), talk.format)
  }

  /// The shortest decimal that gives back the float.
  private func number(_ value: Float) -> JSONValue {
    Double("\(value)").map(JSONValue.number) ?? .null
  }

  private func array(_ rows: [JSONValue]) -> String {
    "[\n" + rows.map { $0.text() }.joined(separator: ",\n") + "\n]\n"
  }
}
