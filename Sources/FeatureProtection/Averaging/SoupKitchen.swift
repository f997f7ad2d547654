import Basics

/// Averages fine-tuned models of one start: model soups.
///
/// Wortsman et al. 2022, "Model soups", arXiv 2203.05482.
struct SoupKitchen<Model> {
  /// Models of one layout, in any order.
  var ingredients: [Model]
  /// The mean of some of them.
  var mean: ([Model]) throws -> Model
  /// The accuracy of a model on validation images.
  var accuracy: (Model) throws -> Double

  /// The mean of all ingredients.
  func uniform() throws -> (model: Model, members: [Int]) {
    (try mean(ingredients), Array(ingredients.indices))
  }

  /// The mean of those that raise its accuracy, tried in falling order of their own; of equals the
  /// first comes first.
  ///
  /// - Parameter validation: The accuracy of each ingredient.
  /// - Returns: The mean, the positions of its ingredients in the order in which they joined, and its
  ///   accuracy.
  func greedy(
    validation: [Double]
  ) throws -> (model: Model, members: [Int], accuracy: Double) {
    let order = ingredients.indices.sorted {
      validation[$0] == validation[$1] ? $0 < $1 : validation[$0] > validation[$1]
    }
    guard let first = order.first else {
      throw HoldfastError.internalError("a soup without ingredients")
    }
    var members = [first]
    var best = (model: ingredients[first], accuracy: validation[first])
    for index in order.dropFirst() {
      let candidate = try mean((members + [index]).map { ingredients[$0] })
      let reached = try accuracy(candidate)
      if reached > best.accuracy {
        members.append(index)
        best = (candidate, reached)
      }
    }
    return (best.model, members, best.accuracy)
  }
}
