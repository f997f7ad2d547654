import Basics
import Foundation
import Torch

extension Checkpoint {
  /// Writes a folder that `transformers` or open_clip reads as it is.
  ///
  /// A `head.safetensors` that is there already is replaced, or removed where this has none. The
  /// activation and the whole configuration are also recorded in the header of the weights, so that
  /// the file says by itself how it is to be read.
  ///
  /// - Parameters:
  ///   - layout: `preferredLayout` unless given.
  ///   - metadata: Further strings for the header of the weights.
  /// - Throws: `HoldfastError`: of kind `usage` or `badData` where the layout cannot hold the model,
  ///   of kind `cannotWrite` where the folder holds a model in the other layout, before anything
  ///   is written.
  public func write(
    to folder: String, layout: CheckpointLayout? = nil, metadata: [String: String] = [:]
  ) throws(HoldfastError) {
    let layout = layout ?? preferredLayout
    let configuration = try configuration(in: layout)
    for other in CheckpointLayout.allCases where other != layout {
      guard !FileManager.default.fileExists(atPath: "\(folder)/\(other.configurationFile)") else {
        throw .cannotWrite(
          "\(folder)/\(other.configurationFile): the folder holds a model in another layout, which "
            + "would be taken for this one", remedy: "Choose another folder, or remove that model.")
      }
    }
    // transformers does not know the release's vocabulary by itself.
    let isReleaseOnly =
      files[TokenizerFiles.release] != nil && TokenizerFiles.names.allSatisfy { files[$0] == nil }
    let tokenizer =
      layout == .huggingFace && isReleaseOnly ? try Tokenizer(folder: self.folder) : nil
    var strings = [CheckpointConfiguration.metadataKey: configuration.text()]
    if architecture.with(architecture.text.activation) == architecture {
      strings["activation"] = architecture.text.activation.rawValue
    }
    try AtomicFile.makeFolder(folder)
    try SafetensorsFile.write(
      tensors(in: layout), metadata: strings.merging(metadata) { _, new in new },
      to: "\(folder)/\(layout.weightsFile)")
    try writeHead("\(folder)/head.safetensors")
    for (name, data) in files.sorted(by: { $0.key < $1.key }) {
      // open_clip's configuration says itself how images are preprocessed.
      if layout == .openCLIP, Self.preprocessorFiles.contains(name) { continue }
      try AtomicFile.write(data, to: "\(folder)/\(name)")
    }
    try tokenizer?.write(to: folder, contextLength: architecture.contextLength)
    // Last, so that a folder with a configuration is complete.
    try AtomicFile.write(
      configuration.text(pretty: true) + "\n", to: "\(folder)/\(layout.configurationFile)")
  }

  /// The content of `config.json` or `open_clip_config.json`.
  private func configuration(in layout: CheckpointLayout) throws(HoldfastError) -> JSONValue {
    switch layout {
    case .huggingFace:
      var architecture = architecture
      // The old sign for the highest token, which newer versions of transformers misread.
      if architecture.endToken == 2, architecture.vocabularyCount == 49408 {
        architecture.endToken = 49407
      }
      return try architecture.configuration(logitScale: weights.tensor("logit_scale").item())
    case .openCLIP:
      let preprocessing = try OpenCLIPPreprocessing(
        huggingFace: preprocessorConfiguration(), imageSize: architecture.imageSize,
        source: "\(folder)/preprocessor_config.json")
      return .object([
        "model_cfg": try architecture.openCLIPConfiguration(),
        "preprocess_cfg": preprocessing.openCLIP(imageSize: architecture.imageSize),
      ])
    }
  }

  /// All tensors under the names of a layout, in the order of the buffer.
  private func tensors(
    in layout: CheckpointLayout
  ) throws(HoldfastError) -> [(name: String, tensor: Tensor)] {
    var tensors: [(name: String, tensor: Tensor)] = []
    for name in weights.names {
      guard layout == .openCLIP else {
        tensors.append((name, try weights.tensor(name)))
        continue
      }
      let place = TensorPlace(of: name, in: .openAI)
      switch place.part {
      case .whole: tensors.append((place.name, try weights.tensor(name)))
      case .transposed:
        tensors.append((place.name, try weights.tensor(name).transposed(0, 1).contiguous()))
      case .third(0):
        let names = ["q_proj", "k_proj", "v_proj"].map { name.replacing("q_proj", with: $0) }
        tensors.append((place.name, try weights.joined(names)))
      case .third: continue
      }
    }
    return tensors
  }

  /// Writes the head, or removes that of an earlier checkpoint in the same folder.
  private func writeHead(_ path: String) throws(HoldfastError) {
    if let head { return try head.write(path) }
    try? FileManager.default.removeItem(atPath: path)
    guard !FileManager.default.fileExists(atPath: path) else {
      throw .cannotWrite(
        "\(path): the head of another checkpoint cannot be removed",
        remedy: "Remove it, or choose another folder.")
    }
  }
}
