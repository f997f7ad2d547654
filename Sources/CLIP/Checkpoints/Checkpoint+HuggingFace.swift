import Basics
import Foundation
import Torch

/// The Hugging Face layout: `config.json`, `model.safetensors`, tokenizer and preprocessor files,
/// and `head.safetensors` where a classifier was trained.
extension Checkpoint {
  /// Reads a folder, or the folder around a `.safetensors` file.
  ///
  /// - Throws: `HoldfastError`; every missing, unexpected and misshapen tensor is named in one.
  public static func read(_ path: String) throws(HoldfastError) -> Checkpoint {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw .missingInput(
        "\(path): no such model",
        remedy: "Give builtin:mini, or a folder with config.json and model.safetensors.")
    }
    let parent = (path as NSString).deletingLastPathComponent
    let folder = isFolder.boolValue ? path : parent.isEmpty ? "." : parent
    let weightsPath = isFolder.boolValue ? "\(folder)/model.safetensors" : path
    let configurationPath = "\(folder)/config.json"
    guard FileManager.default.fileExists(atPath: configurationPath) else {
      throw .missingInput(
        "\(configurationPath): no such file",
        remedy: "Give a folder in the Hugging Face layout, with config.json beside the weights.")
    }
    let configuration = try LimitedFile.read(configurationPath, limit: 16 << 20)
    let architecture = try CLIPArchitecture(
      configuration: JSONValue.parse(configuration, source: configurationPath),
      source: configurationPath)
    let file = try SafetensorsFile(path: weightsPath)
    let layout = try architecture.layout()
    try checkTensors(of: file, against: layout)
    let weights = try Weights(layout: layout) { (name) throws(HoldfastError) in
      let tensor = try file.tensor(name)
      return try layout[name].map { (entry) throws(HoldfastError) in
        try tensor.reshaped(entry.shape)
      } ?? tensor
    }
    var files: [String: Data] = [:]
    for name in carriedFiles {
      let path = "\(folder)/\(name)"
      guard FileManager.default.fileExists(atPath: path) else { continue }
      files[name] = try LimitedFile.read(path, limit: 64 << 20)
    }
    var head: ClassificationHead?
    let headPath = "\(folder)/head.safetensors"
    if FileManager.default.fileExists(atPath: headPath) {
      head = try ClassificationHead.read(headPath)
      guard head?.weight.shape.last == architecture.projectionWidth else {
        throw .badData(
          "\(headPath): the head is \(head?.weight.shape.last ?? 0) wide, the model's features "
            + "\(architecture.projectionWidth)", remedy: "Use the head that belongs to this model.")
      }
    }
    return Checkpoint(
      architecture: architecture, weights: weights, head: head, files: files, folder: folder)
  }

  /// Writes a folder that `transformers` reads as it is.
  ///
  /// A `head.safetensors` that is there already is replaced, or removed where this has none.
  ///
  /// - Parameter metadata: Strings for the header of `model.safetensors`.
  public func write(
    to folder: String, metadata: [String: String] = [:]
  ) throws(HoldfastError) {
    let scale = try weights.tensor("logit_scale").item()
    let configuration = try architecture.configuration(logitScale: scale)
    try AtomicFile.makeFolder(folder)
    try SafetensorsFile.write(weights, metadata: metadata, to: "\(folder)/model.safetensors")
    try writeHead("\(folder)/head.safetensors")
    for (name, data) in files.sorted(by: { $0.key < $1.key }) {
      try AtomicFile.write(data, to: "\(folder)/\(name)")
    }
    // Last, so that a folder with a configuration is complete.
    try AtomicFile.write(
      configuration.text(pretty: true) + "\n", to: "\(folder)/config.json")
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

  /// Old files hold the numbers of the positions as tensors; nothing is learned in them.
  private static func isIgnored(_ name: String) -> Bool { name.hasSuffix(".position_ids") }

  private static func checkTensors(
    of file: SafetensorsFile, against layout: WeightsLayout
  ) throws(HoldfastError) {
    var problems: [String] = []
    let missing = layout.names.filter { file[$0] == nil }
    let extra = file.names.filter { layout[$0] == nil && !isIgnored($0) }
    if !missing.isEmpty { problems.append("missing \(list(missing))") }
    if !extra.isEmpty { problems.append("unexpected \(list(extra))") }
    let misshapen = layout.entries.compactMap { entry -> String? in
      // A single number is stored as [] or [1].
      guard let shape = file[entry.name]?.shape, shape != entry.shape,
        !(entry.shape.isEmpty && shape == [1])
      else { return nil }
      return "\(entry.name) \(shape) instead of \(entry.shape)"
    }
    if !misshapen.isEmpty { problems.append("misshapen \(list(misshapen))") }
    guard problems.isEmpty else {
      throw .badData(
        "\(file.path): the tensors do not fit config.json: \(problems.joined(separator: "; "))",
        remedy: "Use the configuration that belongs to these weights.")
    }
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(6).joined(separator: ", ")
    return names.count > 6 ? "\(shown) and \(names.count - 6) more" : shown
  }
}
