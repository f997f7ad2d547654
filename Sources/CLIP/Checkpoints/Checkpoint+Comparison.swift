import Basics
import Torch

extension Checkpoint {
  /// What differs between two models, in any bit of any tensor: names of tensors, and `head`,
  /// `classes` and `architecture`; empty where they are the same.
  public func differences(from other: Checkpoint) throws(HoldfastError) -> [String] {
    var found = Set(weights.names).symmetricDifference(other.weights.names).sorted()
    for name in weights.names where other.weights.contains(name) {
      if try !Self.areSame(weights.tensor(name), other.weights.tensor(name)) { found.append(name) }
    }
    if head?.classes != other.head?.classes { found.append("classes") }
    if let head, let theirs = other.head {
      let isSame = try [
        Self.areSame(head.weight, theirs.weight), Self.areSame(head.bias, theirs.bias),
      ]
      if isSame.contains(false) { found.append("head") }
    }
    if architecture.comparable != other.architecture.comparable { found.append("architecture") }
    return found
  }

  private static func areSame(_ one: Tensor, _ other: Tensor) throws(HoldfastError) -> Bool {
    guard one.shape == other.shape, one.dtype == other.dtype else { return false }
    return try one.to(.cpu).contiguous().withBytes { (ours) throws(HoldfastError) in
      try other.to(.cpu).contiguous().withBytes { (theirs) throws(HoldfastError) in
        ours.elementsEqual(theirs)
      }
    }
  }
}

extension CLIPArchitecture {
  /// The same model whichever way its configuration names the end of a text: the old 2 stands for
  /// the highest token.
  fileprivate var comparable: CLIPArchitecture {
    var result = self
    if endToken == 2 { result.endToken = vocabularyCount - 1 }
    return result
  }
}
