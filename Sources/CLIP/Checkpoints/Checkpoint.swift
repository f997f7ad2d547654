import Basics
import Foundation
import Torch

/// A CLIP with all that belongs to it: architecture, weights, and the small files beside them.
public struct Checkpoint: Sendable {
  public var architecture: CLIPArchitecture
  /// Every tensor of the model, named as in the Hugging Face layout.
  public var weights: Weights
  /// The classifier stored with the model, where there is one.
  public var head: ClassificationHead?
  /// Tokenizer and preprocessor files, by name, carried along byte for byte.
  public var files: [String: Data]
  /// The folder it was read from, or will be written to: where its tokenizer lies.
  public var folder: String

  public init(
    architecture: CLIPArchitecture, weights: Weights, head: ClassificationHead? = nil,
    files: [String: Data], folder: String
  ) {
    self.architecture = architecture
    self.weights = weights
    self.head = head
    self.files = files
    self.folder = folder
  }

  /// The files that are carried along.
  static let carriedFiles = [
    "vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "preprocessor_config.json", "processor_config.json",
    "prompts.txt",
  ]

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

  /// The tokenizer that belongs to the weights.
  public func tokenizer() throws(HoldfastError) -> Tokenizer {
    try Tokenizer(folder: folder)
  }
}
