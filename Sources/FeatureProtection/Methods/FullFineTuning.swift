import Basics

/// Every tensor of the vision tower and the head, with nothing that holds it back.
///
/// min over θ of CE(f_θ(x), y), started from θ₀ = (φ₀, zero-shot head).
public enum FullFineTuning: Method {
  public static let name = "full"
  public static let summary = "Trains the whole vision tower and the head."

  public static func recipe(_ settings: MethodSettings) throws(HoldfastError) -> Recipe {
    Recipe(.everything)
  }
}
