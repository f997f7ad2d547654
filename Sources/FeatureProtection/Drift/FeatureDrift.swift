import Basics
import Torch

/// How far features of the same images lie apart in two models.
public struct FeatureDrift: Hashable, Sendable {
  /// A mean over images.
  public struct Mean: Hashable, Sendable {
    public var value: Double
    /// The ends of the 95 % interval of the mean, by the normal distribution; of one image nil.
    public var ci95: [Double]?
  }

  public var images: Int
  /// Of the Euclidean distance ‖φ(x) − φ₀(x)‖ of features as the towers give them.
  public var distance: Mean
  /// Of the same for features of unit length: from 0 to 2.
  public var unitDistance: Mean
  /// Of the cosine of the angle between both features.
  public var cosine: Mean
  /// Linear centred kernel alignment: 1 where the images lie in one arrangement, up to rotation and
  /// scale; nil where all features of a model are the same.
  ///
  /// ‖YᵀX‖² / (‖XᵀX‖ · ‖YᵀY‖) of centred features, in Frobenius norms; Kornblith et al. 2019, arXiv
  /// 1905.00414.
  public var cka: Double?
}

/// The sums that `FeatureDrift` is made of, batch after batch, in float64.
struct FeatureDriftSums {
  private var images = 0
  private var distance = Moments()
  private var unitDistance = Moments()
  private var cosine = Moments()
  private var products: Products?

  /// Adds the features of a batch, `[batch, width]` each, not normalised.
  mutating func add(reference: Tensor, tuned: Tensor) throws(HoldfastError) {
    let x = try reference.to(.cpu).to(.float64)
    let y = try tuned.to(.cpu).to(.float64)
    images += x.shape.first ?? 0
    try distance.add((y - x).norm())
    let (unitX, unitY) = try (x.normalized(), y.normalized())
    try unitDistance.add((unitY - unitX).norm())
    try cosine.add((unitX * unitY).sum(dimension: -1))
    let own = try Products(x, y)
    products = try products.map { (sum) throws(HoldfastError) in try sum + own } ?? own
  }

  /// The drift of all images; nil without any.
  func result() throws(HoldfastError) -> FeatureDrift? {
    guard let products, images > 0 else { return nil }
    return FeatureDrift(
      images: images, distance: distance.mean, unitDistance: unitDistance.mean,
      cosine: cosine.mean, cka: try products.alignment(images))
  }

  /// Mean and spread of numbers that come one after the other, by Welford's recurrence.
  private struct Moments {
    var count = 0
    var average = 0.0
    var squares = 0.0

    mutating func add(_ values: Tensor) throws(HoldfastError) {
      for value in try values.elements(as: Double.self) {
        count += 1
        let gap = value - average
        average += gap / Double(count)
        squares += gap * (value - average)
      }
    }

    var mean: FeatureDrift.Mean {
      guard count > 1 else { return FeatureDrift.Mean(value: average) }
      let error = (squares / Double(count - 1) / Double(count)).squareRoot()
      return FeatureDrift.Mean(
        value: average, ci95: [average - 1.959964 * error, average + 1.959964 * error])
    }
  }

  /// Sums over images of the features and of their products.
  private struct Products {
    /// `[1, width]`.
    var x, y: Tensor
    /// `[width, width]`.
    var xx, yy, xy: Tensor

    init(_ x: Tensor, _ y: Tensor) throws(HoldfastError) {
      self.x = try x.sum(dimension: 0, keepDimension: true)
      self.y = try y.sum(dimension: 0, keepDimension: true)
      xx = try x.transposed().matmul(x)
      yy = try y.transposed().matmul(y)
      xy = try x.transposed().matmul(y)
    }

    static func + (left: Products, right: Products) throws(HoldfastError) -> Products {
      var sum = left
      sum.x = try left.x + right.x
      sum.y = try left.y + right.y
      sum.xx = try left.xx + right.xx
      sum.yy = try left.yy + right.yy
      sum.xy = try left.xy + right.xy
      return sum
    }

    func alignment(_ images: Int) throws(HoldfastError) -> Double? {
      /// The Frobenius norm of the products of centred features.
      func size(
        _ products: Tensor, _ left: Tensor, _ right: Tensor
      ) throws(HoldfastError) -> Double {
        let centre = try left.transposed().matmul(right) * (1 / Double(images))
        return try (products - centre).reshaped(-1).norm().item()
      }
      let (across, own, other) = try (size(xy, x, y), size(xx, x, x), size(yy, y, y))
      guard own > 0, other > 0 else { return nil }
      return across * across / (own * other)
    }
  }
}
