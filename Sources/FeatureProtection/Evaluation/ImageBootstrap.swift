import Basics

/// The percentile bootstrap over images: how a number would vary with other images of the same kind.
///
/// Efron 1979, "Bootstrap methods: another look at the jackknife". As many images as there are are
/// drawn with replacement, 1000 times; the interval reaches from the 2.5th to the 97.5th percentile
/// of the numbers that they give. The draws are a function of the number of images alone.
enum ImageBootstrap {
  private static let resamples = 1000
  /// Keeps these draws apart from others of `CounterRandom`.
  private static let purpose = 0xB007

  /// The 95 % interval, low and high, which always contains the number itself; 0 and 1 without
  /// images.
  ///
  /// - Parameters:
  ///   - cells: The cell of each image.
  ///   - counts: How many images lie in each cell.
  ///   - value: The number as a function of such counts.
  static func interval(
    cells: [Int], counts: [Int], of value: ([Int]) -> Double
  ) -> [Double] {
    guard !cells.isEmpty else { return [0, 1] }
    let values = (0..<resamples).map { resample in
      var random = CounterRandom(purpose, cells.count, resample)
      var drawn = [Int](repeating: 0, count: counts.count)
      for _ in cells.indices { drawn[cells[random.below(cells.count)]] += 1 }
      return value(drawn)
    }.sorted()
    let number = value(counts)
    return [min(percentile(0.025, of: values), number), max(percentile(0.975, of: values), number)]
  }

  /// A percentile of sorted values, between two of them where it falls there (NumPy's default).
  private static func percentile(_ share: Double, of values: [Double]) -> Double {
    let place = share * Double(values.count - 1)
    let below = Int(place)
    let above = min(below + 1, values.count - 1)
    return values[below] + (place - Double(below)) * (values[above] - values[below])
  }
}
