import Basics
import Foundation
import Torch

/// A linear classifier over normalised image features.
public struct ClassificationHead: Sendable {
  /// The names of the two tensors where a head is part of a model's weights.
  public static let weightName = "classification_head.weight"
  public static let biasName = "classification_head.bias"

  /// The file beside a model's weights that holds its head.
  public static let fileName = "head.safetensors"

  /// The rows that features are multiplied with: `[classes, width]`.
  public var weight: Tensor
  /// What is added to each class's logit: `[classes]`.
  public var bias: Tensor
  /// The readable names of the classes, in the order of the rows.
  public var classes: [String]
  /// What the head was before it was trained, `zero-shot` for example; nil where nobody says so.
  ///
  /// Training leaves it as it is: weights between two heads mean something where both started at
  /// one place.
  public var origin: String?

  /// What it is applied to; the default is `projected`.
  public var features = HeadFeatures.projected

  /// The origin of a head made from prompts.
  public static let zeroShotOrigin = "zero-shot"

  /// - Throws: `HoldfastError` of kind `badData` where shapes and names do not agree.
  public init(
    weight: Tensor, bias: Tensor, classes: [String], origin: String? = nil,
    features: HeadFeatures = .projected
  ) throws(HoldfastError) {
    guard weight.rank == 2, weight.shape[0] == classes.count, bias.shape == [classes.count] else {
      throw .badData(
        "a head of \(weight.shape) and bias of \(bias.shape) do not fit \(classes.count) classes",
        remedy: "Use the head that was written with these classes.")
    }
    self.weight = weight
    self.bias = bias
    self.classes = classes
    self.origin = origin
    self.features = features
  }

  /// Logits `[batch, classes]` of features `[batch, width]`, which are normalised first.
  public func callAsFunction(_ features: Tensor) throws(HoldfastError) -> Tensor {
    try features.normalized().linear(weight, bias)
  }

  /// The same head over pooled features: W · P, where P is the model's projection.
  ///
  /// Over the features of a vision transformer it ranks classes as before: each image's logits are
  /// those of this head times ‖P p‖ / ‖p‖. A ResNet's projection also adds a bias, which is left out.
  /// A head that is over pooled features already stays as it is.
  ///
  /// - Parameter source: The model's tensors.
  public func pooled(
    _ architecture: CLIPArchitecture, _ source: some ParameterSource
  ) throws(HoldfastError) -> ClassificationHead {
    guard features == .projected else { return self }
    let projection = try source.tensor(architecture.projectionName)
    return try ClassificationHead(
      weight: weight.to(projection.device).matmul(projection), bias: bias.to(projection.device),
      classes: classes, origin: origin, features: .pooled)
  }

  /// Reads `head.safetensors`.
  public static func read(_ path: String) throws(HoldfastError) -> ClassificationHead {
    let file = try SafetensorsFile(path: path)
    let text = file.metadata["classes"] ?? ""
    guard let names = (try? JSONDecoder().decode([String].self, from: Data(text.utf8))) else {
      throw .badData(
        "\(path): the metadata has no list of classes", remedy: "Use a head that holdfast wrote.")
    }
    guard let features = HeadFeatures(rawValue: file.metadata["features"] ?? "projected") else {
      throw .badData(
        "\(path): the metadata gives the features as \(file.metadata["features"] ?? "")",
        remedy: "Use a head over projected or pooled features.")
    }
    let weight = try file.tensor("weight").to(.float32)
    let bias = try file.tensor("bias").to(.float32)
    do throws(HoldfastError) {
      return try ClassificationHead(
        weight: weight, bias: bias, classes: names, origin: file.metadata["origin"],
        features: features)
    } catch {
      throw HoldfastError(error.kind, "\(path): \(error.problem)", remedy: error.remedy)
    }
  }

  /// Writes `head.safetensors`: `weight`, `bias`, and in the metadata the class names as a JSON list
  /// under `classes`, `origin` where it is known, and `features` where they are not projected.
  public func write(_ path: String) throws(HoldfastError) {
    var metadata = ["classes": JSONValue.array(classes.map(JSONValue.string)).text()]
    metadata["origin"] = origin
    if features != .projected { metadata["features"] = features.rawValue }
    try SafetensorsFile.write([("weight", weight), ("bias", bias)], metadata: metadata, to: path)
  }
}
