import Basics
import Foundation
import Torch

/// What is known of a model besides its tensors, and who said so.
struct CheckpointConfiguration {
  var architecture: CLIPArchitecture
  /// Who said so, for errors.
  var source: String
  /// Whether it lies in the folder of the weights, so that what else is there belongs to it.
  var isInFolder = false
  /// The key of the configuration in the header of a safetensors file.
  static let metadataKey = "holdfast.config"
  /// open_clip's `preprocess_cfg`.
  var preprocessing: JSONValue?

  /// The configuration beside the weights, else that within the file, else what the tensors say.
  ///
  /// - Parameter stated: The activation as the user says it.
  /// - Throws: `HoldfastError` of kind `badData` where nobody says what the activation is, or two
  ///   disagree.
  init(
    of state: StateDict, in files: CheckpointFiles, stated: Activation?
  ) throws(HoldfastError) {
    let layout = state.naming.layout
    // What lies beside the tensors of a pickle is for somebody else.
    let metadata = state.file is TorchFile ? [:] : state.file.metadata
    let recorded = try Self.activation(metadata, state.file.path)
    if let data = try files.read(layout.configurationFile, limit: 16 << 20) {
      let path = "\(files.folder)/\(layout.configurationFile)"
      try self.init(JSONValue.parse(data, source: path), source: path)
      isInFolder = true
    } else if let text = metadata[Self.metadataKey] {
      let source = "\(state.file.path): its metadata"
      try self.init(JSONValue.parse(Data(text.utf8), source: source), source: source)
    } else if let activation = recorded ?? stated {
      try self.init(shapesOf: state, activation)
    } else if state.isOpenAIArchive {
      // OpenAI trained with no other.
      try self.init(shapesOf: state, .quickGELU)
    } else {
      throw .badData(
        "\(state.file.path): nothing says which activation the weights were trained with",
        remedy: "Put its \(layout.configurationFile) beside it, or say it once: holdfast convert "
          + "--model \(state.file.path) --activation quick-gelu (OpenAI's, or gelu) --layout hf "
          + "--out DIR.")
    }
    for (activation, who) in [(recorded, "the metadata of \(state.file.path)"), (stated, "you")] {
      guard let activation, architecture.with(activation) != architecture else { continue }
      throw .badData(
        "\(source): the activation is \(architecture.text.activation.rawValue), but "
          + "\(activation.rawValue) according to \(who)",
        remedy: "Find out which is true: a model with the wrong activation works, but worse.")
    }
    // A classifier's soup has no text tower, whatever the configuration of its origin says.
    if state.lacksTextTransformer { architecture.text.layers = 0 }
  }

  /// Reads either kind of file.
  private init(_ json: JSONValue, source: String) throws(HoldfastError) {
    self.source = source
    if json["model_cfg"] != nil || json["vision_cfg"] != nil {
      architecture = try CLIPArchitecture(openCLIP: json, source: source)
      preprocessing = json["preprocess_cfg"] ?? .object([:])
    } else {
      architecture = try CLIPArchitecture(configuration: json, source: source)
    }
  }

  /// Infers all sizes from the tensors.
  private init(shapesOf state: StateDict, _ activation: Activation) throws(HoldfastError) {
    source = "the sizes that follow from its tensors"
    var shapes = state.openAIShapes
    if state.lacksTextTransformer, let width = shapes["ln_final.weight"]?.first {
      // A block of the usual size stands in for those that were left out.
      let (inner, overflow) = width.multipliedReportingOverflow(by: 4)
      shapes["transformer.resblocks.0.mlp.c_fc.weight"] = [overflow ? width : inner, width]
    }
    architecture = try CLIPArchitecture(
      openAI: shapes, activation: activation, source: state.file.path)
  }

  /// The activation that the file of weights itself records.
  private static func activation(
    _ metadata: [String: String], _ path: String
  ) throws(HoldfastError) -> Activation? {
    guard let name = metadata["activation"] else { return nil }
    guard let activation = Activation(rawValue: name) else {
      throw .badData(
        "\(path): its metadata gives the activation as \(name), which holdfast does not know",
        remedy: "Use weights with quick_gelu or gelu.")
    }
    return activation
  }
}
