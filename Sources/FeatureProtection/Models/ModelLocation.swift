import Basics
import CLIP
import Foundation

/// What a user writes for a model: `builtin:mini`, a folder, or a file of weights.
public enum ModelLocation {
  /// The name of the embedded model.
  public static let builtin = "builtin:mini"

  /// Reads the model.
  ///
  /// - Throws: `HoldfastError` where there is none, or where it does not fit its configuration.
  public static func read(_ text: String) throws(HoldfastError) -> Checkpoint {
    if text == builtin { return try Checkpoint.read(builtinFolder()) }
    if text.hasPrefix("builtin:") {
      throw .usage("there is no model \(text)", remedy: "The embedded model is \(builtin).")
    }
    guard !text.isEmpty else {
      throw .usage("no model is named", remedy: "Give --model \(builtin), or a folder.")
    }
    return try Checkpoint.read((text as NSString).expandingTildeInPath)
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
