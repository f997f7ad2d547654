import Basics
import Torch

/// Full fine-tuning with the frozen reference as a teacher on the same view.
///
/// CE(f_θ(x), y) + strength · D, where D is, over the images of a batch, the mean of
/// - `features`: ‖z − z₀‖² of normalised features (Mukhoti et al. 2023, "LDIFS", 2308.13320);
/// - `logits`: ‖f_θ(x) − f_θ₀(x)‖², as arXiv 2309.06256 has it;
/// - `probabilities`: T² · KL(softmax(f_θ₀(x)/T) ‖ softmax(f_θ(x)/T)) (Hinton et al. 2015).
public enum KnowledgeDistillation: Method {
  public static let name = "kd"
  public static let summary = "Full fine-tuning with the frozen start as a teacher."
  public static let defaults: [String: JSONValue] = [
    "strength": .number(1), "on": .string("features"), "temperature": .number(1),
  ]

  public static func recipe(_ settings: MethodSettings) throws(HoldfastError) -> Recipe {
    let temperature = try settings.number("temperature")
    guard temperature > 0 else { throw settings.wrong("temperature", "a number above 0") }
    let distillation = Distillation(
      strength: try settings.number("strength"), on: try settings.choice("on"),
      temperature: temperature)
    return Recipe(.everything, protections: [distillation])
  }
}

/// The distance between a student's and its teacher's outputs.
public struct Distillation: Protection {
  /// What is compared.
  public enum Target: String, Sendable, CaseIterable {
    case logits, probabilities, features
  }

  public var strength: Double
  public var on: Target
  /// Of the softmax; used for probabilities only.
  public var temperature: Double

  public init(strength: Double, on target: Target, temperature: Double = 1) {
    self.strength = strength
    on = target
    self.temperature = temperature
  }

  public func loss(
    student: ClassifierOutput, teacher: ClassifierOutput
  ) throws(HoldfastError) -> Tensor {
    let distance: Tensor
    switch on {
    case .features:
      distance = try Self.squaredDistance(student.features, teacher.features)
    case .logits:
      distance = try Self.squaredDistance(student.logits, teacher.logits)
    case .probabilities:
      let target = try (teacher.logits * (1 / temperature)).logSoftmax()
      let actual = try (student.logits * (1 / temperature)).logSoftmax()
      let divergence = try (target.exp() * (target - actual)).sum(dimension: -1)
      distance = try divergence * (temperature * temperature)
    }
    return try distance.mean() * strength
  }

  /// ‖a − b‖² of each row.
  private static func squaredDistance(_ a: Tensor, _ b: Tensor) throws(HoldfastError) -> Tensor {
    let difference = try a - b
    return try (difference * difference).sum(dimension: -1)
  }
}
