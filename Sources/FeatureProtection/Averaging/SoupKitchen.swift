import Basics
import Torch

/// Averages fine-tuned classifiers of one start: model soups.
///
/// Wortsman et al. 2022, "Model soups", arXiv 2203.05482.
struct SoupKitchen {
  /// Classifiers of one layout, in any order.
  var ingredients: [ImageClassifier]
  /// The accuracy of a classifier on validation images.
  var accuracy: (ImageClassifier) throws -> Double

  /// The mean of all ingredients.
  func uniform() throws -> (classifier: ImageClassifier, members: [Int]) {
    (try mean(Array(ingredients.indices)), Array(ingredients.indices))
  }

  /// The mean of those that raise its accuracy, tried in falling order of their own; of equals the
  /// first comes first.
  ///
  /// - Parameter validation: The accuracy of each ingredient.
  func greedy(
    validation: [Double]
  ) throws -> (classifier: ImageClassifier, members: [Int]) {
    let order = ingredients.indices.sorted {
      validation[$0] == validation[$1] ? $0 < $1 : validation[$0] > validation[$1]
    }
    guard let first = order.first else {
      throw HoldfastError.internalError("a soup without ingredients")
    }
    var members = [first]
    var best = (classifier: ingredients[first], accuracy: try accuracy(ingredients[first]))
    for index in order.dropFirst() {
      let candidate = try mean(members + [index])
      let reached = try accuracy(candidate)
      if reached > best.accuracy {
        members.append(index)
        best = (candidate, reached)
      }
    }
    return (best.classifier, members)
  }

  private func mean(_ members: [Int]) throws(HoldfastError) -> ImageClassifier {
    ingredients[members[0]].with(try Weights.mean(members.map { ingredients[$0].weights }))
  }
}
