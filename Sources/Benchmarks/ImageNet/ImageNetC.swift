/// ImageNet-C: the corruptions of ImageNet's validation images, and how errors on them are summed up
/// (Hendrycks and Dietterich 2019, arXiv 1903.12261).
public enum ImageNetC {
  /// The 15 corruptions that the mean corruption error is over.
  public static let corruptions = [
    "gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur",
    "zoom_blur", "snow", "frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate",
    "jpeg_compression",
  ]

  /// Four more, meant for choosing settings, which the mean leaves out.
  public static let extraCorruptions = ["speckle_noise", "gaussian_blur", "spatter", "saturate"]

  /// AlexNet's top-1 error under each corruption, the mean over the five severities (from the table
  /// in the README of the benchmark's repository, hendrycks/robustness).
  public static let alexNetErrors: [String: Double] = [
    "gaussian_noise": 0.886428, "shot_noise": 0.894468, "impulse_noise": 0.922640,
    "defocus_blur": 0.819880, "glass_blur": 0.826268, "motion_blur": 0.785948,
    "zoom_blur": 0.798360, "snow": 0.866816, "frost": 0.826572, "fog": 0.819324,
    "brightness": 0.564592, "contrast": 0.853204, "elastic_transform": 0.646056,
    "pixelate": 0.717840, "jpeg_compression": 0.606500, "speckle_noise": 0.845388,
    "gaussian_blur": 0.787108, "spatter": 0.717512, "saturate": 0.658248,
  ]

  /// The corruption error: a model's top-1 error under a corruption, the mean over the five
  /// severities, divided by AlexNet's.
  ///
  /// - Returns: 1 for a model as weak as AlexNet; nil for an unknown corruption.
  public static func corruptionError(of corruption: String, error: Double) -> Double? {
    alexNetErrors[corruption].map { error / $0 }
  }

  /// The mean corruption error (mCE): the mean of the 15 corruption errors.
  ///
  /// - Parameter errors: Top-1 errors by corruption, each the mean over the five severities; those of
  ///   other corruptions do not count.
  /// - Returns: A fraction, to be printed per cent; nil unless all 15 are there.
  public static func meanCorruptionError(errors: [String: Double]) -> Double? {
    var sum = 0.0
    for corruption in corruptions {
      guard let error = errors[corruption],
        let relative = corruptionError(of: corruption, error: error)
      else { return nil }
      sum += relative
    }
    return sum / Double(corruptions.count)
  }

  /// The corruption of a data set's images; nil where it is not one corruption at all severities.
  public static func corruption(of dataset: Dataset) -> String? {
    guard dataset.kind == ImageNetCLayout.kind, dataset.metrics.contains(.mCE) else { return nil }
    let name = String(dataset.name.dropFirst(ImageNetCLayout.kind.count + 1))
    return alexNetErrors[name] == nil ? nil : name
  }
}
