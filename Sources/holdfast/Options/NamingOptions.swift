import ArgumentParser

/// What classes are called, and in which sentences.
struct NamingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Class names, one a line (default: the data's).", valueName: "file"))
  var classes: String?

  @Option(
    help: ArgumentHelp(
      "Prompts, one a line; {} is the class name (default: the model's own, or openai-80).",
      valueName: "file"))
  var prompts: String?
}
