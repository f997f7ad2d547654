import Basics

/// The pre-trained model with its zero-shot head, as it is.
///
/// f(x) = s · cos(φ₀(x), mean of prompt embeddings). Radford et al. 2021, arXiv 2103.00020.
public enum ZeroShot: Method {
  public static let name = "zero-shot"
  public static let summary = "The pre-trained model with the head made from prompts."

  public static func recipe(_ settings: MethodSettings) throws(HoldfastError) -> Recipe {
    Recipe(.nothing)
  }
}
