import ArgumentParser

/// A LoRA adapter on top of a model.
struct AdapterOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A LoRA adapter, as PEFT stores it, to merge into the model.", valueName: "folder"))
  var adapter: String?
}
