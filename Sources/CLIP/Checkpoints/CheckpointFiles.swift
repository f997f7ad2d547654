import Basics
import Foundation
import Torch

/// Where the weights of a checkpoint lie: what a user names is a folder or a file.
struct CheckpointFiles {
  /// The folder of the weights.
  let folder: String
  /// The file of weights, or the index of several.
  let weights: String

  /// Finds the weights in a folder, or takes the file that is named.
  ///
  /// Of a folder that holds both layouts, Hugging Face's is read; name the other's file to read it.
  init(_ path: String) throws(HoldfastError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw .missingInput(
        "\(path): no such model",
        remedy: "Give builtin:mini, a folder with config.json or open_clip_config.json, or a file "
          + "of weights.")
    }
    if isFolder.boolValue {
      folder = path
      weights = try Self.weights(in: path)
    } else {
      let parent = (path as NSString).deletingLastPathComponent
      folder = parent.isEmpty ? "." : parent
      weights = path
    }
  }

  /// The tensors, whatever they are packed in.
  func tensors() throws(HoldfastError) -> any TensorFile {
    if weights.hasSuffix(".index.json") { return try ShardedTensorFile(index: weights) }
    if weights.hasSuffix(".json") {
      throw .usage(
        "\(weights): not a file of weights", remedy: "Give the folder, or the file of weights.")
    }
    if weights.hasSuffix(".safetensors") { return try SafetensorsFile(path: weights) }
    return try TorchFile(path: weights)
  }

  /// The content of a small file beside the weights; nil where there is none.
  func read(_ name: String, limit: Int = 64 << 20) throws(HoldfastError) -> Data? {
    let path = "\(folder)/\(name)"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try LimitedFile.read(path, limit: limit)
  }

  private static func weights(in folder: String) throws(HoldfastError) -> String {
    let present = { (name: String) in FileManager.default.fileExists(atPath: "\(folder)/\(name)") }
    let layouts = CheckpointLayout.allCases.filter { present($0.configurationFile) }
    guard let first = layouts.first else {
      throw .missingInput(
        "\(folder)/config.json: no such file, nor is there an open_clip_config.json",
        remedy: "Give a folder in the Hugging Face or the open_clip layout, or a file of weights.")
    }
    for layout in layouts {
      if layout == .huggingFace, layouts.count > 1, try !isCLIP(folder) { continue }
      if let name = layout.weightsFiles.first(where: present) { return "\(folder)/\(name)" }
    }
    let others = weightsFiles(in: folder)
    if layouts.last == .openCLIP, let only = others.first, others.count == 1 {
      return "\(folder)/\(only)"
    }
    throw .missingInput(
      "\(folder)/\(first.weightsFile): no such file"
        + (others.isEmpty ? "" : "; there are \(others.joined(separator: ", "))"),
      remedy: "Fetch the weights too, or name the file of weights itself.")
  }

  /// Whether `config.json` is that of a CLIP of `transformers`.
  private static func isCLIP(_ folder: String) throws(HoldfastError) -> Bool {
    let path = "\(folder)/config.json"
    let configuration = try JSONValue.parse(
      LimitedFile.read(path, limit: 16 << 20), source: path)
    if let type = configuration["model_type"]?.string { return type == "clip" }
    return configuration["vision_config"] != nil
  }

  /// The files in a folder that may hold a model's weights, under any name.
  private static func weightsFiles(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().filter { name in
      [".safetensors", ".bin", ".pth", ".pt"].contains { name.hasSuffix($0) }
        && !name.hasPrefix("head.") && !name.hasPrefix("adapter_model.")
    }
  }
}
