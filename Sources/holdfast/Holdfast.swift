import ArgumentParser

/// The command line.
@main
struct Holdfast: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast", subcommands: [PretrainCommand.self])
}
