import ArgumentParser
import Basics
import FeatureProtection

/// What changes a configuration from the command line.
struct StudyOptions: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Override any setting, such as l2.strength=0.1; may be repeated.",
      valueName: "key.path=value"))
  var assignments: [String] = []

  @Option(help: ArgumentHelp("The run folder (default: runs/<name>).", valueName: "folder"))
  var out: String?

  @Option(
    help: ArgumentHelp("shuffled, or sequential: in byte order of paths.", valueName: "order"))
  var order: String?

  @Option(
    help: ArgumentHelp(
      "none, flip, random-resized-crop or random-resized-crop-flip.", valueName: "kind"))
  var augment: String?

  @Option(help: ArgumentHelp("Optimiser steps, in place of epochs.", valueName: "count"))
  var steps: Int?

  @Option(help: ArgumentHelp("A PEFT folder to start LoRA from.", valueName: "folder"))
  var adapter: String?

  /// The options as overlays on a configuration, in the order in which they are applied.
  func overlays(
    _ machine: MachineOptions, _ data: DataOptions
  ) throws(HoldfastError) -> [JSONValue] {
    var values = try data.overlay
    values["device"] = machine.device.map(JSONValue.string)
    values["threads"] = machine.threads.map(JSONValue.integer)
    values["precision"] = machine.precision.map { .string($0.rawValue) }
    values["seeds"] = machine.seed.map { .array([.integer($0)]) }
    values["adapter"] = adapter.map(JSONValue.string)
    if machine.exact { values["exact"] = .bool(true) }
    if machine.skipBad { values["skip-bad"] = .bool(true) }
    var training: [String: JSONValue] = [:]
    training["order"] = order.map(JSONValue.string)
    training["augment"] = augment.map(JSONValue.string)
    training["steps"] = steps.map(JSONValue.integer)
    training["batch-size"] = machine.batchSize.map(JSONValue.integer)
    // An option speaks for every method, whatever a method's own section says.
    for method in MethodTable.names {
      let section = StudyConfiguration.defaults[method]?.object ?? [:]
      let own = training.keys.filter { section[$0] != nil }
      if !own.isEmpty {
        values[method] = .object(Dictionary(uniqueKeysWithValues: own.map { ($0, .null) }))
      }
    }
    var overlays: [JSONValue] = [.object(values.merging(training) { own, _ in own })]
    for text in assignments {
      overlays.append(
        try ConfigurationTree.assignment(text) { (value) throws(HoldfastError) in
          try YAMLReader.value(of: value, source: "--set \(text)")
        })
    }
    return overlays
  }
}
