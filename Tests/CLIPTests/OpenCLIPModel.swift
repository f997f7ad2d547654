import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

/// A tiny model that open_clip built and ran (`Fixtures/make_architectures.py`).
struct OpenCLIPModel {
  static let names = ["vit", "resnet", "deeper-resnet", "openai-vit"]

  /// What open_clip made it from.
  let configuration: JSONValue
  let architecture: CLIPArchitecture
  let weights: Weights
  /// `[3, 3, size, size]`.
  let pixels: Tensor
  let texts: [[Int]]
  /// The shapes of open_clip's own state dict.
  let shapes: [String: [Int]]
  /// `image_features`, `text_features`, and for a ResNet `last_map`.
  let expected: SafetensorsFile

  init(_ name: String) throws {
    let path = "architectures/tiny-\(name).json"
    let document = try JSONValue.parse(Fixtures.data(path), source: path)
    configuration = try #require(document["model_cfg"])
    architecture = try CLIPArchitecture(openCLIP: configuration, source: path)
    let formula = try FormulaWeights("architectures/formula.json")
    weights = try formula.weights(architecture.layout())
    pixels = try formula.images(size: architecture.imageSize)
    texts = try #require(document["texts"]?.array).map {
      try #require($0.array).compactMap(\.int)
    }
    shapes = try #require(document["shapes"]?.object).mapValues {
      try #require($0.array).compactMap(\.int)
    }
    expected = try SafetensorsFile(
      path: Fixtures.path("architectures/tiny-\(name).outputs.safetensors"))
  }
}

/// The architecture of a model that open_clip's own configurations describe.
func publishedArchitecture(_ name: String) throws -> CLIPArchitecture {
  let configuration = try #require(try publishedModels()[name]?["model_cfg"])
  return try CLIPArchitecture(openCLIP: configuration, source: name)
}

/// What open_clip says of the published models: `model_cfg`, `parameters`, `statistics`.
func publishedModels() throws -> [String: JSONValue] {
  let path = "architectures/published.json"
  return try #require(JSONValue.parse(Fixtures.data(path), source: path).object)
}
