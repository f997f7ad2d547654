import Basics

/// Something that happened in a run.
///
/// Libraries report events; the command line decides what is shown and what is written to
/// `metrics.jsonl`.
public enum RunEvent: Sendable {
  /// A stage begins, in words for a person.
  case stage(String)
  /// Long work moves on; shown, not logged.
  case progress(String, done: Int, total: Int, loss: Double?)
  /// An optimiser step was taken.
  case step(StepRecord)
  /// A number was measured.
  case measured(ResultRow)
  /// A number was measured between the steps of a training that goes on; no result.
  case observed(ResultRow, step: Int)
  /// A file or folder was written.
  case saved(String)
  /// What was found and left out, or taken for granted, when a file was read.
  case note(String)
  /// Something a person should know, though the run goes on.
  case warning(String)

  /// The event as a line of `metrics.jsonl`, or nil for one that is only shown.
  public var json: JSONValue? {
    switch self {
    case .stage(let text): return .object(["event": .string("stage"), "text": .string(text)])
    case .progress: return nil
    case .step(let record): return record.json
    case .measured(let row): return Self.json("measured", row)
    case .observed(let row, let step): return Self.json("observed", row, ["step": .integer(step)])
    case .saved(let path):
      return .object(["event": .string("saved"), "path": .string(path)])
    case .note(let text):
      return .object(["event": .string("note"), "text": .string(text)])
    case .warning(let text):
      return .object(["event": .string("warning"), "text": .string(text)])
    }
  }

  private static func json(
    _ event: String, _ row: ResultRow, _ more: [String: JSONValue] = [:]
  ) -> JSONValue {
    let members: [String: JSONValue] = [
      "event": .string(event), "method": .string(row.method), "setting": .object(row.setting),
      "seed": .integer(row.seed), "set": .string(row.set), "metric": .string(row.metric),
      "value": .number(row.value),
    ]
    return .object(members.merging(more) { own, _ in own })
  }
}

/// One optimiser step.
public struct StepRecord: Hashable, Sendable {
  public var method: String
  public var setting: [String: JSONValue]
  public var seed: Int
  /// Counts from 1 to `steps`.
  public var step: Int
  public var steps: Int
  public var epoch: Int
  /// The whole loss before the step, penalties included.
  public var loss: Double
  /// The cross-entropy in it.
  public var crossEntropy: Double
  /// The tower's learning rate.
  public var rate: Double
  /// Before clipping.
  public var gradientNorm: Double

  /// As a line of `metrics.jsonl`.
  public var json: JSONValue {
    .object([
      "event": .string("step"), "method": .string(method), "setting": .object(setting),
      "seed": .integer(seed), "step": .integer(step), "epoch": .integer(epoch),
      "loss": .number(loss), "cross_entropy": .number(crossEntropy), "lr": .number(rate),
      "gradient_norm": .number(gradientNorm),
    ])
  }
}
