/// The way from a picture to a model's input in evaluation: the short side resized with Pillow's
/// bicubic filter, the centre cropped as torchvision does, then `(pixel / 255 - mean) / std`.
///
/// Only the first two steps are done here; the numbers are bytes until they reach the device.
public struct Preprocessing: Codable, Hashable, Sendable {
  /// The short side after resizing, in pixels.
  public var resizeShortSide: Int
  /// The side of the square that is cut from the middle, in pixels.
  public var cropSize: Int
  /// The mean of red, green and blue, on a scale of 0 to 1.
  public var mean: [Float]
  /// The standard deviation of red, green and blue, on a scale of 0 to 1.
  public var std: [Float]

  /// The sides that are accepted, in pixels; what comes from a file is checked against them first.
  public static let sides = 1...8192

  /// CLIP's preprocessing for a model of the given input size, one of `sides`.
  public init(imageSize: Int = 224) {
    self.init(resizeShortSide: imageSize, cropSize: imageSize)
  }

  /// Any preprocessing of this kind; mean and deviation are CLIP's unless given.
  public init(
    resizeShortSide: Int, cropSize: Int,
    mean: [Float] = [0.481_454_66, 0.457_827_5, 0.408_210_73],
    std: [Float] = [0.268_629_54, 0.261_302_58, 0.275_777_11]
  ) {
    precondition(
      Self.sides.contains(resizeShortSide) && Self.sides.contains(cropSize) && mean.count == 3
        && std.count == 3, "no preprocessing of images")
    self.resizeShortSide = resizeShortSide
    self.cropSize = cropSize
    self.mean = mean
    self.std = std
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    resizeShortSide = try container.decode(Int.self, forKey: .resizeShortSide)
    cropSize = try container.decode(Int.self, forKey: .cropSize)
    mean = try container.decode([Float].self, forKey: .mean)
    std = try container.decode([Float].self, forKey: .std)
    guard Self.sides.contains(resizeShortSide), Self.sides.contains(cropSize), mean.count == 3,
      std.count == 3
    else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not a preprocessing of images"))
    }
  }

  /// The image resized and cropped to `cropSize` x `cropSize`.
  ///
  /// An image that is smaller than the crop after resizing is centred on black.
  public func apply(_ image: RGBImage) -> RGBImage {
    plan(width: image.width, height: image.height).apply(image)
  }

  /// How an image of the given size is resized and cropped.
  func plan(width: Int, height: Int) -> CropPlan {
    let resized = resizedSize(width: width, height: height)
    let horizontal = CentreCrop(of: resized.width, to: cropSize)
    let vertical = CentreCrop(of: resized.height, to: cropSize)
    return CropPlan(
      part: PixelRectangle(x: 0, y: 0, width: width, height: height), width: resized.width,
      height: resized.height,
      window: PixelRectangle(
        x: horizontal.offset, y: vertical.offset, width: horizontal.length,
        height: vertical.length),
      side: cropSize, x: horizontal.padding, y: vertical.padding)
  }

  /// The size after torchvision's `Resize(resizeShortSide)`: the long side is truncated.
  func resizedSize(width: Int, height: Int) -> (width: Int, height: Int) {
    let long = resizeShortSide * max(width, height) / min(width, height)
    return width <= height ? (resizeShortSide, long) : (long, resizeShortSide)
  }

  /// A text that is the same for two preprocessings exactly if they give the same numbers.
  public var digest: String {
    let numbers = { (values: [Float]) in values.map { "\($0)" }.joined(separator: ",") }
    return "\(pixelDigest);mean=\(numbers(mean));std=\(numbers(std))"
  }

  /// A text that is the same for two preprocessings exactly if they give the same bytes; mean and
  /// deviation come after those.
  ///
  /// Pillow's version is part of it: 13 changed the last bits of images that shrink more in height.
  public var pixelDigest: String {
    "pillow-13-bicubic;short-side=\(resizeShortSide);centre-crop=\(cropSize)"
  }
}
