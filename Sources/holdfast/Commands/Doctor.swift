import ArgumentParser
import Basics
import FeatureProtection
import Reporting

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check versions, devices and files.",
    discussion: """
      Exits with 0 only where all is well.

      Example: holdfast doctor --format json
      """)

  @OptionGroup(title: "Talk") var talk: TalkOptions

  func run() throws {
    let checks = MachineCheck.all()
    var table = Table(columns: [
      Table.Column("check", alignment: .left), Table.Column("state", alignment: .left),
      Table.Column("finding", alignment: .left),
    ])
    for check in checks {
      table.append([
        Table.Cell(check.name), Table.Cell(check.isWell ? "ok" : "wrong"),
        Table.Cell(check.finding),
      ])
    }
    try Output.write(ResultText.text(table, talk.format))
    guard let wrong = checks.first(where: { !$0.isWell }), let remedy = wrong.remedy else { return }
    throw HoldfastError(
      wrong.kind ?? .internalError, "\(wrong.name): \(wrong.finding)", remedy: remedy)
  }
}
