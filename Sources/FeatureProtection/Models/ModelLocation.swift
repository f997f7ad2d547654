import Basics
import Benchmarks
import CLIP
import Foundation

/// What a user writes for a model: `builtin:mini`, a folder, a file of weights, or the folder of a
/// LoRA adapter as PEFT stores it.
public enum ModelLocation {
  /// The name of the embedded model.
  public static let builtin = "builtin:mini"

  /// Reads the model.
  ///
  /// A folder with an `adapter_config.json` stands for the model that the adapter was trained on,
  /// its `base_model_name_or_path`, with the adapter merged into it and the adapter's head. A
  /// relative path there begins at the adapter's folder, or else, as for PEFT, at the current one.
  ///
  /// - Parameters:
  ///   - adapter: The folder of an adapter to merge into the model.
  ///   - activation: That of a file of weights that does not say it.
  ///   - classes: The names of the classes of a soup's classifier.
  /// - Throws: `HoldfastError` where there is none, or where it does not fit its configuration.
  public static func read(
    _ text: String, adapter: String? = nil, activation: Activation? = nil,
    classes: [String]? = nil
  ) throws(HoldfastError) -> Checkpoint {
    let checkpoint = try read(text, adaptersAbove: 0, activation, classes)
    guard let adapter else { return checkpoint }
    return try checkpoint.merged(withAdapter: expanded(adapter))
  }

  /// Whether a location is the folder of an adapter.
  public static func isAdapter(_ text: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(expanded(text))/\(AdapterConfiguration.name)")
  }

  /// A location that means the same from every current folder.
  public static func absolute(_ text: String) -> String {
    text.hasPrefix("builtin:")
      ? text : URL(fileURLWithPath: expanded(text)).standardizedFileURL.path
  }

  private static func read(
    _ text: String, adaptersAbove depth: Int, _ activation: Activation?, _ classes: [String]?
  ) throws(HoldfastError) -> Checkpoint {
    if text == builtin { return try Checkpoint.read(builtinFolder()) }
    if text.hasPrefix("builtin:") {
      throw .usage("there is no model \(text)", remedy: "The embedded model is \(builtin).")
    }
    guard !text.isEmpty else {
      throw .usage("no model is named", remedy: "Give --model \(builtin), or a folder.")
    }
    let path = expanded(text)
    guard isAdapter(path) else {
      return try Checkpoint.read(
        path, activation: activation, classes: classes, knownClasses: knownClasses)
    }
    let configuration = try AdapterConfiguration(folder: path)
    guard depth < 8 else {
      throw .badData(
        "\(configuration.path): the base of the base, and so on, is an adapter, eight times over",
        remedy: "Correct base_model_name_or_path; it may name its own folder.")
    }
    let base = try base(of: configuration, in: path)
    return try read(base, adaptersAbove: depth + 1, activation, classes)
      .merged(withAdapter: path)
  }

  /// What a soup's classifier of so many rows is for: the release's are ImageNet's.
  private static func knownClasses(_ count: Int) -> (names: [String], what: String)? {
    guard let classes = try? ImageNetClasses.standard(), classes.entries.count == count else {
      return nil
    }
    return (classes.names, "taken for ImageNet-1k's, in the order of their WordNet ids")
  }

  /// Where the model is that an adapter in a folder was trained on.
  private static func base(
    of configuration: AdapterConfiguration, in folder: String
  ) throws(HoldfastError) -> String {
    let name = configuration.baseModel ?? ""
    if name.hasPrefix("builtin:") { return name }
    let path = expanded(name)
    let places = path.hasPrefix("/") ? [path] : ["\(folder)/\(path)", path]
    if !name.isEmpty, let place = places.first(where: FileManager.default.fileExists) {
      return place
    }
    throw .missingInput(
      "\(configuration.path): \(name.isEmpty ? "no base model is named" : "the base model \(name) is not on disk")",
      remedy:
        "Fetch it, and give both: holdfast merge --from BASE --adapter \(folder) --out FOLDER.")
  }

  private static func expanded(_ text: String) -> String {
    (text as NSString).expandingTildeInPath
  }

  /// The folder of the embedded MiniCLIP, in the Hugging Face layout.
  ///
  /// It lies in the package's resources beside the program, else in the source tree that the
  /// program was built from. (`Bundle.module` would end the process where it finds nothing.)
  public static func builtinFolder() throws(HoldfastError) -> String {
    let program = (Bundle.main.executableURL ?? Bundle.main.bundleURL).resolvingSymlinksInPath()
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
    let places = [
      program.deletingLastPathComponent().appendingPathComponent(resources), source,
    ]
    for place in places {
      let folder = place.appendingPathComponent("MiniCLIP").path
      if FileManager.default.fileExists(atPath: folder + "/config.json") { return folder }
    }
    throw .missingInput(
      "the embedded model is not beside the program (\(places[0].path))",
      remedy: "Keep the folder \(resources) beside the program, or run make build.")
  }

  private static let resources = "holdfast_FeatureProtection.resources"

  /// The prompts that a checkpoint brings in `prompts.txt`, or nil.
  public static func ownPrompts(of checkpoint: Checkpoint) throws(HoldfastError) -> PromptSet? {
    let path = checkpoint.folder + "/prompts.txt"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try PromptSet(file: path)
  }
}
