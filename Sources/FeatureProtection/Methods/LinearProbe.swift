import Basics
import CLIP

/// The head alone, started from the zero-shot head, on features of the frozen tower.
///
/// min over (W, b) of CE(W · φ₀(x)/‖φ₀(x)‖ + b, y). The features are those of the evaluation
/// preprocessing, as in WiSE-FT's repository, so each image is encoded once.
///
/// φ₀ is the tower after its projection, or with `features: pooled` before it, as in the linear probes
/// of Radford et al. 2021 (arXiv 2103.00020, section 3.2); W then starts as the zero-shot head times
/// the projection.
public enum LinearProbe: Method {
  public static let name = "linear-probe"
  public static let summary = "Trains the head alone, on features of the frozen tower."

  public static let defaults: [String: JSONValue] = [
    "features": .string(HeadFeatures.projected.rawValue)
  ]

  public static func recipe(_ settings: MethodSettings) throws(HoldfastError) -> Recipe {
    Recipe(.head, features: try settings.choice("features"))
  }
}
