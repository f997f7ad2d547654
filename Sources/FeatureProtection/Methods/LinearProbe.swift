import Basics

/// The head alone, started from the zero-shot head, on features of the frozen tower.
///
/// min over (W, b) of CE(W · φ₀(x)/‖φ₀(x)‖ + b, y). The features are those of the evaluation
/// preprocessing, as in WiSE-FT's repository, so each image is encoded once.
public enum LinearProbe: Method {
  public static let name = "linear-probe"
  public static let summary = "Trains the head alone, on features of the frozen tower."

  public static func recipe(_ settings: MethodSettings) throws(HoldfastError) -> Recipe {
    Recipe(.head)
  }
}
