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
  public static func builtinFolder() throws(HoldfastError) -> String {
    #if os(Linux)
      // `Bundle.module` ends the process where the folder is not there.
      let beside = Bundle.main.bundleURL
        .appendingPathComponent("holdfast_FeatureProtection.resources/MiniCLIP").path
      let folder = FileManager.default.fileExists(atPath: beside) ? beside : nil
    #else
      let folder = Bundle.module.url(forResource: "MiniCLIP", withExtension: nil)?.path
    #endif
    guard let folder else {
      throw .missingInput(
        "the embedded model is not beside the program",
        remedy: "Keep the folder holdfast_FeatureProtection.resources beside the program.")
    }
    return folder
  }

  /// The prompts that a checkpoint brings in `prompts.txt`, or nil.
  public static func ownPrompts(of checkpoint: Checkpoint) throws(HoldfastError) -> PromptSet? {
    let path = checkpoint.folder + "/prompts.txt"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try PromptSet(file: path)
  }
}
