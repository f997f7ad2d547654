import Basics
import CLIP
import Torch

/// A vision tower with a classification head: the point in weight space that is fine-tuned.
///
/// Its weights hold the vision tower's tensors and the head's two, so that interpolation and
/// penalties cover "every tensor including the head", as WiSE-FT defines them.
public struct ImageClassifier: Sendable {
  public var architecture: CLIPArchitecture
  public var weights: Weights
  /// Readable class names, in the order of the head's rows.
  public var classes: [String]
  /// Where the head started; see `ClassificationHead.origin`.
  public var headOrigin: String?
  /// What the head is applied to.
  public var features: HeadFeatures

  /// A classifier over weights that are laid out already.
  public init(
    architecture: CLIPArchitecture, weights: Weights, classes: [String], headOrigin: String? = nil,
    features: HeadFeatures = .projected
  ) {
    self.architecture = architecture
    self.weights = weights
    self.classes = classes
    self.headOrigin = headOrigin
    self.features = features
  }

  /// The vision tower of a checkpoint with a head; the tensors are copied.
  ///
  /// - Throws: `HoldfastError` of kind `badData` where the head is of another width.
  public init(
    _ checkpoint: Checkpoint, head: ClassificationHead, device: Device = .cpu
  ) throws(HoldfastError) {
    let width = checkpoint.architecture.width(of: head.features)
    guard head.weight.shape == [head.classes.count, width] else {
      throw .badData(
        "\(checkpoint.folder): a head of width \(head.weight.shape.last ?? 0) does not fit "
          + "features of width \(width)", remedy: "Use the head that was trained for this model.")
    }
    architecture = checkpoint.architecture
    classes = head.classes
    headOrigin = head.origin
    features = head.features
    let layout = try Self.layout(architecture, classes: head.classes.count, features)
    weights = try Weights(layout: layout, device: device) { (name) throws(HoldfastError) in
      switch name {
      case ClassificationHead.weightName: return head.weight
      case ClassificationHead.biasName: return head.bias
      default: return try checkpoint.weights.tensor(name)
      }
    }
  }

  /// The vision tower's tensors, then the head's.
  static func layout(
    _ architecture: CLIPArchitecture, classes: Int, _ features: HeadFeatures = .projected
  ) throws(HoldfastError) -> WeightsLayout {
    let head: [[(name: String, shape: [Int])]] = [
      [(ClassificationHead.weightName, [classes, architecture.width(of: features)])],
      [(ClassificationHead.biasName, [classes])],
    ]
    return try WeightsLayout(groups: architecture.visionLayout().groups + head)
  }

  /// Whether a tensor is the head's.
  public static func isHead(_ name: String) -> Bool {
    name == ClassificationHead.weightName || name == ClassificationHead.biasName
  }

  /// The head as a value of its own; its tensors are views of the weights.
  public func head() throws(HoldfastError) -> ClassificationHead {
    try ClassificationHead(
      weight: weights.tensor(ClassificationHead.weightName),
      bias: weights.tensor(ClassificationHead.biasName), classes: classes, origin: headOrigin,
      features: features)
  }

  /// The same tower under the same head, as far as it goes, over other features.
  ///
  /// - Throws: `HoldfastError` of kind `usage` where the head stands on pooled features, which no
  ///   projection leads back from.
  public func over(_ features: HeadFeatures) throws(HoldfastError) -> ImageClassifier {
    guard features != self.features else { return self }
    guard features == .pooled else {
      throw .usage(
        "the head stands on pooled features, and this needs one on projected features",
        remedy: "Start from the zero-shot head, or from a probe of projected features.")
    }
    let head = try head().pooled(architecture, weights)
    let layout = try Self.layout(architecture, classes: classes.count, features)
    var result = self
    result.features = features
    result.weights = try Weights(layout: layout, device: weights.device) {
      (name) throws(HoldfastError) in
      switch name {
      case ClassificationHead.weightName: return head.weight
      case ClassificationHead.biasName: return head.bias
      default: return try weights.tensor(name)
      }
    }
    return result
  }

  /// The same classifier at another point of its weight space.
  public func with(_ weights: Weights) -> ImageClassifier {
    var result = self
    result.weights = weights
    return result
  }

  /// The checkpoint it came from with these weights in place of the original's.
  public func checkpoint(from original: Checkpoint) throws(HoldfastError) -> Checkpoint {
    var result = original
    let tower = try weights.filtered(CLIPArchitecture.isVision).to(.cpu)
    result.weights = try original.weights.replacing(with: tower)
    var head = try head()
    head.weight = try head.weight.to(.cpu).clone()
    head.bias = try head.bias.to(.cpu).clone()
    result.head = head
    return result
  }
}

/// What a classifier says of a batch of images.
public struct ClassifierOutput: Sendable {
  /// The tower's features, of unit length: `[batch, width]`.
  public var features: Tensor
  /// The head's answers: `[batch, classes]`.
  public var logits: Tensor

  public init(features: Tensor, logits: Tensor) {
    self.features = features
    self.logits = logits
  }

  /// Runs a tower and a head over projected features of pixels `[batch, 3, size, size]`.
  public init(
    _ architecture: CLIPArchitecture, _ source: some ParameterSource, pixels: Tensor
  ) throws(HoldfastError) {
    try self.init(features: VisionTower(architecture, source)(pixels), source)
  }

  /// Applies a head to features that are not normalised yet.
  public init(features: Tensor, _ source: some ParameterSource) throws(HoldfastError) {
    self.features = try features.normalized()
    logits = try self.features.linear(
      source.tensor(ClassificationHead.weightName), source.tensor(ClassificationHead.biasName))
  }
}
