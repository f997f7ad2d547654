import Basics
import CLIP
import Torch

/// The line between two classifiers, scored point by point through one scratch buffer.
public struct InterpolationPath: Sendable {
  public let from: ImageClassifier
  public let to: ImageClassifier
  private let scratch: ImageClassifier

  /// - Throws: `HoldfastError` of kind `badData` where the two are not one architecture with the
  ///   same classes.
  public init(from: ImageClassifier, to: ImageClassifier) throws(HoldfastError) {
    guard from.classes == to.classes else {
      throw .badData(
        "the two models were trained for different classes "
          + ClassNames.difference(from.classes, to.classes),
        remedy: "Interpolate models with the same head classes.")
    }
    guard from.features == to.features else {
      throw .badData(
        "the head of one model stands on \(from.features) features, the other's on "
          + "\(to.features)", remedy: "Interpolate models with heads of one kind.")
    }
    scratch = try from.with(Weights.lerp(from.weights, to.weights, 0))
    // Tensors of the same shapes may still mean different functions: QuickGELU and GELU.
    guard from.architecture.vision == to.architecture.vision else {
      throw .badData(
        "the two models have vision towers of different kinds (heads, activation or epsilon)",
        remedy: "Interpolate models of one architecture.")
    }
    self.from = from
    self.to = to
  }

  /// The classifier at α, with weights of its own.
  public func point(_ alpha: Double) throws(HoldfastError) -> ImageClassifier {
    from.with(try Weights.lerp(from.weights, to.weights, alpha))
  }

  /// A candidate for each α; they share memory, see `Evaluator.Candidate`.
  public func candidates(_ alphas: [Double]) -> [Evaluator.Candidate] {
    alphas.map { alpha in
      Evaluator.Candidate { () throws(HoldfastError) in
        try scratch.weights.interpolate(from.weights, to.weights, alpha)
        return scratch
      }
    }
  }

  /// A candidate for each α, with the digest of its weights.
  ///
  /// Points that take no more memory than a large model are made once, and stay while the candidates do.
  public func namedCandidates(
    _ alphas: [Double]
  ) throws(HoldfastError) -> [(digest: String, candidate: Evaluator.Candidate)] {
    let keepsPoints = FastPaths.areOn && alphas.count * from.weights.layout.count * 4 <= 256 << 20
    var named: [(digest: String, candidate: Evaluator.Candidate)] = []
    for (alpha, candidate) in zip(alphas, candidates(alphas)) {
      let point = try point(alpha)
      let digest = try point.weights.digest()
      named.append((digest, keepsPoints ? Evaluator.Candidate(point) : candidate))
    }
    return named
  }
}
