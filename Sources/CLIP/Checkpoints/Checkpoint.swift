import Basics
import Foundation
import Torch

/// A CLIP with all that belongs to it: architecture, weights, and the small files beside them.
public struct Checkpoint: Sendable {
  public var architecture: CLIPArchitecture
  /// Every tensor of the model: a transformer's named as in the Hugging Face layout, a ResNet's as
  /// OpenAI has them.
  public var weights: Weights
  /// The classifier stored with the model, where there is one.
  public var head: ClassificationHead?
  /// Tokenizer and preprocessor files, by name, carried along byte for byte.
  public var files: [String: Data]
  /// The folder it was read from, or will be written to: where its tokenizer lies.
  public var folder: String
  /// What was found and left out when it was read, a sentence each, for the user.
  public var notes: [String]

  public init(
    architecture: CLIPArchitecture, weights: Weights, head: ClassificationHead? = nil,
    files: [String: Data], folder: String, notes: [String] = []
  ) {
    self.architecture = architecture
    self.weights = weights
    self.head = head
    self.files = files
    self.folder = folder
    self.notes = notes
  }

  /// The files of a tokenizer, which are carried along.
  static let tokenizerFiles = TokenizerFiles.names + [TokenizerFiles.release]

  static let preprocessorFiles = ["preprocessor_config.json", "processor_config.json"]

  /// The files that are carried along.
  static let carriedFiles = tokenizerFiles + preprocessorFiles + ["prompts.txt"]

  /// The content of `preprocessor_config.json`, or of the section `image_processor` of
  /// `processor_config.json`, where newer versions of `transformers` keep it; empty without both.
  public func preprocessorConfiguration() throws(HoldfastError) -> JSONValue {
    if let data = files["preprocessor_config.json"] {
      return try JSONValue.parse(data, source: "\(folder)/preprocessor_config.json")
    }
    guard let data = files["processor_config.json"] else { return .object([:]) }
    let whole = try JSONValue.parse(data, source: "\(folder)/processor_config.json")
    return whole["image_processor"] ?? .object([:])
  }

  /// Whether there is a text tower; soups of classifiers come without its transformer.
  public var hasTextTower: Bool { architecture.text.layers > 0 }

  /// Whether the files of a tokenizer came with the weights.
  public var hasTokenizerFiles: Bool { Self.tokenizerFiles.contains { files[$0] != nil } }

  /// The tokenizer that belongs to the weights.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput` where its files are not there, or where there
  ///   is no text tower to read what it gives.
  public func tokenizer() throws(HoldfastError) -> Tokenizer {
    guard hasTextTower else {
      throw .missingInput(
        "\(folder): the model has no text tower, its transformer is not among the weights",
        remedy: "Use its classifier, or the model that it was fine-tuned from for texts.")
    }
    do throws(HoldfastError) {
      return try Tokenizer(folder: folder)
    } catch  where error.kind == .missingInput {
      throw .missingInput(
        error.problem,
        remedy: "Put vocab.json and merges.txt, or \(TokenizerFiles.release) of the CLIP release, "
          + "beside the weights.")
    }
  }
}
