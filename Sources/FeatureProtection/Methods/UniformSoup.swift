import Basics

/// The mean of the models that another method gives for all its settings.
///
/// θ = 1/k · Σ θᵢ over every tensor, the head included. Wortsman et al. 2022, "Model soups", arXiv
/// 2203.05482. The models are the variants of `of`, one for each combination of its settings that are
/// given as lists.
public enum UniformSoup: Method {
  public static let name = "uniform-soup"
  public static let summary = "Averages the models of all settings of a method."
  public static let defaults: [String: JSONValue] = ["of": .string(FullFineTuning.name)]

  public static func recipe(_ settings: MethodSettings) throws(HoldfastError) -> Recipe {
    Recipe(.nothing, afterwards: .average(of: try settings.trainedMethod("of"), .uniform))
  }
}
