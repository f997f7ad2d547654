import Basics

/// The mean of those models of another method that raise the accuracy on validation images.
///
/// The models are sorted by that accuracy; each in turn joins the soup if the soup's accuracy rises.
/// Wortsman et al. 2022, "Model soups", arXiv 2203.05482, recipe 1.
public enum GreedySoup: Method {
  public static let name = "greedy-soup"
  public static let summary = "Averages the models of a method that help on validation images."
  public static let defaults: [String: JSONValue] = ["of": .string(FullFineTuning.name)]

  public static func recipe(_ settings: MethodSettings) throws(HoldfastError) -> Recipe {
    Recipe(.nothing, afterwards: .average(of: try settings.trainedMethod("of"), .greedy))
  }
}
