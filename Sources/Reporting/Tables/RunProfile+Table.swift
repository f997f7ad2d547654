import Basics

extension RunProfile {
  /// The phases that took time, with their seconds and their part of the wall time, and the sum.
  public var table: Table {
    var table = Table(columns: [
      Table.Column("Time", alignment: .left), Table.Column("s"), Table.Column("%"),
    ])
    for phase in TimeLedger.Phase.allCases where self[phase] > 0 {
      table.append([
        Table.Cell(Self.title(phase)),
        Table.Cell(NumberText.fixed(self[phase], decimals: 2), number: self[phase]),
        Table.Cell(NumberText.fixed(100 * share(phase), decimals: 1), number: share(phase)),
      ])
    }
    table.append([
      "all", Table.Cell(NumberText.fixed(wall, decimals: 2), number: wall), Table.Cell("100.0"),
    ])
    return table
  }

  /// The table, rates, and what bound the run, for people.
  public var text: String {
    var lines: [String] = []
    if let rate = trainingRate { lines.append("Training: \(Self.whole(rate)) images/s.") }
    if let rate = evaluationRate { lines.append("Evaluation: \(Self.whole(rate)) images/s.") }
    if loadedImages > 0 {
      let each = NumberText.fixed(1e3 * loadingSeconds / Double(loadedImages), decimals: 2)
      lines.append(
        "Loading, in other threads: \(loadedImages) images, "
          + "\(NumberText.fixed(loadingSeconds, decimals: 2)) s of processor time, \(each) ms each."
      )
    }
    return table.text + (lines + [bound]).joined(separator: "\n")
  }

  private static func whole(_ rate: Double) -> String { NumberText.fixed(rate, decimals: 0) }

  private static func title(_ phase: TimeLedger.Phase) -> String {
    switch phase {
    case .reading: "reading models and lists"
    case .text: "encoding prompts"
    case .trainingWait: "training: waiting for images"
    case .forward: "training: forward"
    case .backward: "training: backward"
    case .optimizer: "training: optimiser"
    case .evaluationWait: "evaluation: waiting for images"
    case .evaluation: "evaluation: forward"
    case .checkpoints: "writing checkpoints"
    case .records: "writing events and results"
    case .other: "other"
    }
  }
}
