import Basics
import CLIP
import Torch

/// A classifier split into what moves and what stays, as a recipe says.
final class TrainableModel: Sendable {
  let architecture: CLIPArchitecture
  let trained: TrainableWeights
  private let reference: ImageClassifier
  private let adapters: LowRankAdapters?

  /// - Parameters:
  ///   - reference: The start, which is left as it is.
  ///   - trainsHead: Whether the head moves with the tower.
  ///   - adapter: The factors to start low-rank updates from; drawn from the seed where nil.
  init(
    _ reference: ImageClassifier, _ trainable: Recipe.Trainable, trainsHead: Bool = true, seed: Int,
    adapter: LowRankAdapters? = nil
  ) throws(HoldfastError) {
    self.reference = reference
    architecture = reference.architecture
    switch trainable {
    case .nothing:
      throw .internalError("a recipe that trains nothing was given to the training loop")
    case .everything:
      adapters = nil
      // What is fixed is no leaf, so that no decay, penalty or clipping sees it either.
      trained = try TrainableWeights(
        reference.weights.filtered {
          !CLIPArchitecture.isFixed($0) && (trainsHead || !ImageClassifier.isHead($0))
        })
    case .head:
      adapters = nil
      trained = try TrainableWeights(reference.weights.filtered(ImageClassifier.isHead))
    case .lowRank(let rank, let alpha, let targets):
      let factors: LowRankAdapters
      if let adapter {
        try adapter.checkTrainable()
        factors = adapter
      } else {
        factors = try LowRankAdapters(
          for: reference.weights.layout, rank: rank, alpha: alpha, targets: targets, seed: seed,
          device: reference.weights.device)
      }
      let head = try reference.weights.filtered { trainsHead && ImageClassifier.isHead($0) }
      let layout = try WeightsLayout(groups: factors.weights.layout.groups + head.layout.groups)
      let device = reference.weights.device
      let start = try Weights(layout: layout, device: device) { (name) throws(HoldfastError) in
        try ImageClassifier.isHead(name) ? head.tensor(name) : factors.weights.tensor(name)
      }
      adapters = factors
      trained = try TrainableWeights(start)
    }
  }

  /// A model over the same values, with leaves and a gradient of its own.
  private init(sharing other: TrainableModel) throws(HoldfastError) {
    architecture = other.architecture
    reference = other.reference
    adapters = other.adapters
    trained = try TrainableWeights(other.trained.values)
  }

  /// A model that another thread can differentiate while this one is differentiated.
  func withOwnGradient() throws(HoldfastError) -> TrainableModel {
    try TrainableModel(sharing: self)
  }

  /// The parameters of the whole classifier, its text tower too.
  var parameterCount: Int { reference.weights.layout.count }

  /// Whether the tower stays as it is, so that its features need no gradient.
  var hasFrozenTower: Bool {
    adapters == nil && !trained.layout.names.contains(where: CLIPArchitecture.isVision)
  }

  /// Whether the tower moves by low-rank updates alone.
  var isLowRank: Bool { adapters != nil }

  /// Where penalties pull the trained tensors: their values at the start.
  func origin() throws(HoldfastError) -> Weights {
    try reference.weights.filtered { trained.layout[$0] != nil }
  }

  /// Features and logits of pixels, differentiable through the trained tensors.
  func output(pixels: Tensor) throws(HoldfastError) -> ClassifierOutput {
    try ClassifierOutput(architecture, self, pixels: pixels)
  }

  /// Features and logits from stored features of the frozen tower.
  func output(features: Tensor) throws(HoldfastError) -> ClassifierOutput {
    try ClassifierOutput(features: features, self)
  }

  /// The classifier at the point that training has reached; low-rank updates are merged.
  ///
  /// - Parameter point: Another point, of the same tensors.
  func classifier(at point: Weights? = nil) throws(HoldfastError) -> ImageClassifier {
    let values = point ?? trained.values
    guard let adapters else {
      return reference.with(try reference.weights.replacing(with: values))
    }
    let merged = try adapters.with(values).merged(into: reference.weights)
    let head = try values.filtered(ImageClassifier.isHead)
    return reference.with(try merged.replacing(with: head))
  }

  /// The classifier at the end: where every tensor moved, over the memory that was trained.
  func finalClassifier() throws(HoldfastError) -> ImageClassifier {
    guard adapters == nil, trained.layout == reference.weights.layout else {
      return try classifier()
    }
    return reference.with(trained.values)
  }

  /// The low-rank factors as training has left them, or nil.
  func trainedAdapters() throws(HoldfastError) -> LowRankAdapters? {
    guard let adapters else { return nil }
    return try adapters.with(trained.values)
  }
}

extension TrainableModel: ParameterSource {
  func tensor(_ name: String) throws(HoldfastError) -> Tensor {
    trained.layout[name] != nil ? try trained.tensor(name) : try reference.weights.tensor(name)
  }

  func joined(_ names: [String]) throws(HoldfastError) -> Tensor {
    let moving = names.filter { trained.layout[$0] != nil }
    if moving.count == names.count { return try trained.joined(names) }
    if moving.isEmpty { return try reference.weights.joined(names) }
    var parts: [Tensor] = []
    for name in names { parts.append(try tensor(name)) }
    return try Tensor.concatenated(parts)
  }

  func adapter(for name: String) throws(HoldfastError) -> LowRankAdapter? {
    guard let adapters else { return nil }
    return try adapters.adapter(for: name, from: trained)
  }
}
