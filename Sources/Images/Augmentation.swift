import Basics
import Foundation

/// What training does to a picture before the model sees it.
public enum Augmentation: String, Codable, Hashable, Sendable, CaseIterable {
  /// The preprocessing of evaluation.
  case none
  /// The preprocessing of evaluation, mirrored in half of the draws.
  case flip
  /// A random part of 90 to 100 % of the area and a ratio of 3/4 to 4/3, resized to the crop with
  /// the bicubic filter: the training preprocessing of CLIP, WiSE-FT and FLYP.
  case randomResizedCrop = "random-resized-crop"
  /// The same, mirrored in half of the draws.
  case randomResizedCropFlip = "random-resized-crop-flip"

  /// The fractions of the image's area that a random part has.
  static let scale = 0.9...1.0
  /// The ratios of width to height that a random part has.
  static let ratio = 3.0 / 4.0...4.0 / 3.0

  /// The image as `preprocessing.cropSize` x `preprocessing.cropSize` pixels.
  public func apply(
    _ image: RGBImage, preprocessing: Preprocessing, random: inout CounterRandom
  ) -> RGBImage {
    plan(
      width: image.width, height: image.height, preprocessing: preprocessing, random: &random
    ).apply(image)
  }

  /// How an image of the given size is cut, resized and mirrored.
  func plan(
    width: Int, height: Int, preprocessing: Preprocessing, random: inout CounterRandom
  ) -> CropPlan {
    var plan: CropPlan
    switch self {
    case .none, .flip:
      plan = preprocessing.plan(width: width, height: height)
    case .randomResizedCrop, .randomResizedCropFlip:
      let side = preprocessing.cropSize
      plan = CropPlan(
        part: Self.randomPart(width: width, height: height, random: &random), width: side,
        height: side, window: PixelRectangle(x: 0, y: 0, width: side, height: side), side: side)
    }
    if self == .flip || self == .randomResizedCropFlip { plan.isMirrored = random.chance(0.5) }
    return plan
  }

  /// The part of an image that torchvision's `RandomResizedCrop.get_params` chooses, with numbers
  /// from our own sequence: area, ratio, and where it fits top and left, in this order.
  ///
  /// After ten draws that do not fit it is the centre, cut to the nearest ratio.
  public static func randomPart(
    width: Int, height: Int, random: inout CounterRandom
  ) -> PixelRectangle {
    let area = Double(width) * Double(height)
    for _ in 0..<10 {
      let target = area * random.uniform(scale.lowerBound, scale.upperBound)
      let aspect = exp(random.uniform(log(ratio.lowerBound), log(ratio.upperBound)))
      let partWidth = rounded((target * aspect).squareRoot())
      let partHeight = rounded((target / aspect).squareRoot())
      if 0 < partWidth, partWidth <= width, 0 < partHeight, partHeight <= height {
        let y = random.below(height - partHeight + 1)
        let x = random.below(width - partWidth + 1)
        return PixelRectangle(x: x, y: y, width: partWidth, height: partHeight)
      }
    }
    var partWidth = width
    var partHeight = height
    let aspect = Double(width) / Double(height)
    if aspect < ratio.lowerBound {
      partHeight = rounded(Double(width) / ratio.lowerBound)
    } else if aspect > ratio.upperBound {
      partWidth = rounded(Double(height) * ratio.upperBound)
    }
    return PixelRectangle(
      x: (width - partWidth) / 2, y: (height - partHeight) / 2, width: partWidth,
      height: partHeight)
  }

  /// Python's `int(round(x))`: halves go to the even neighbour.
  private static func rounded(_ value: Double) -> Int {
    Int(value.rounded(.toNearestOrEven))
  }
}
