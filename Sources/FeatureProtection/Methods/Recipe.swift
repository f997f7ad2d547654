import Basics
import CLIP
import Torch

/// A method of fine-tuning, as what it trains, what holds it back, and what becomes of the weights.
///
/// The training loop knows recipes, never methods.
public struct Recipe: Sendable {
  /// What moves.
  public enum Trainable: Sendable, Hashable {
    /// Nothing: the reference is the result.
    case nothing
    /// The head alone, on features of the frozen tower.
    case head
    /// Every tensor, the head included.
    case everything
    /// Low-rank factors on some of the tower's linear maps, and the head.
    case lowRank(rank: Int, alpha: Double, targets: [String])
  }

  /// What becomes of the weights.
  public enum Afterwards: Sendable, Hashable {
    case nothing
    /// Points on the line from the reference (α = 0) to the result of another method (α = 1).
    case interpolate(of: String, alphas: [Double])
    /// The mean of the results of another method, one for each of its variants.
    case average(of: String, Soup)

    /// The method whose results these are made of, or nil.
    var source: String? {
      switch self {
      case .nothing: nil
      case .interpolate(let source, _), .average(let source, _): source
      }
    }
  }

  /// Which models a mean is taken over.
  public enum Soup: String, Sendable, Hashable, CaseIterable {
    /// All of them.
    case uniform
    /// In falling order of validation accuracy, those that raise the mean's.
    case greedy
  }

  public var trainable: Trainable
  /// What the head stands on; other than `projected` only where it is trained alone.
  public var features: HeadFeatures
  /// The penalty to the reference weights, inside the optimiser's pass.
  public var penalty: ReferencePenalty?
  /// Terms of the loss that compare with the frozen reference.
  public var protections: [any Protection]
  public var afterwards: Afterwards

  public init(
    _ trainable: Trainable, features: HeadFeatures = .projected,
    penalty: ReferencePenalty? = nil, protections: [any Protection] = [],
    afterwards: Afterwards = .nothing
  ) {
    self.trainable = trainable
    self.features = features
    self.penalty = penalty
    self.protections = protections
    self.afterwards = afterwards
  }
}

/// A penalty on the distance from the reference weights θ₀:
/// l1 · ‖θ − θ₀‖₁ + l2 / 2 · ‖θ − θ₀‖₂², over the trained tensors that it covers.
public struct ReferencePenalty: Sendable, Hashable {
  public var l1: Double
  public var l2: Double
  /// Which tensors it covers; the default is all of them, the head included.
  public var covered: NamePatterns

  public init(l1: Double = 0, l2: Double = 0, covered: NamePatterns = NamePatterns()) {
    self.l1 = l1
    self.l2 = l2
    self.covered = covered
  }
}

/// A term of the loss that holds a classifier's outputs to those of the frozen reference: a mean over
/// images, asked for parts of a batch by several threads at once.
public protocol Protection: Sendable {
  /// The term, a scalar that is differentiated through `student`.
  func loss(
    student: ClassifierOutput, teacher: ClassifierOutput
  ) throws(HoldfastError) -> Tensor
}

/// Names chosen by shell patterns, where `*` stands for any characters.
public struct NamePatterns: Sendable, Hashable {
  /// A name must match one of these; empty stands for all names.
  public var include: [String]
  /// And none of these.
  public var exclude: [String]

  public init(include: [String] = [], exclude: [String] = []) {
    self.include = include
    self.exclude = exclude
  }

  public func covers(_ name: String) -> Bool {
    (include.isEmpty || include.contains { Self.matches(name[...], $0[...]) })
      && !exclude.contains { Self.matches(name[...], $0[...]) }
  }

  private static func matches(_ name: Substring, _ pattern: Substring) -> Bool {
    guard let star = pattern.firstIndex(of: "*") else { return name == pattern }
    let head = pattern[..<star]
    guard name.hasPrefix(head) else { return false }
    let rest = pattern[pattern.index(after: star)...]
    if rest.isEmpty { return true }
    var tail = name.dropFirst(head.count)
    while true {
      if matches(tail, rest) { return true }
      if tail.isEmpty { return false }
      tail = tail.dropFirst()
    }
  }
}
