import Basics
import Benchmarks
import Images
import Torch

/// Labelled images to train on, with what turns them into a model's input.
public struct TrainingSet: Sendable {
  public var dataset: Dataset
  public var preprocessing: Preprocessing
  /// Decoded images that stay in memory over epochs, methods and seeds.
  public var cache: DecodedImageCache

  /// - Parameter cacheLimit: Bytes of decoded images to keep. The default is 512 MiB.
  public init(_ dataset: Dataset, preprocessing: Preprocessing, cacheLimit: Int = 512 << 20) {
    self.dataset = dataset
    self.preprocessing = preprocessing
    cache = DecodedImageCache(byteLimit: cacheLimit)
  }

  public var count: Int { dataset.samples.count }

  /// The order of an epoch: a function of seed and epoch, or that of the paths.
  func order(seed: Int, epoch: Int, shuffled: Bool) -> [Int] {
    guard shuffled else { return Array(0..<count) }
    var random = CounterRandom(Purpose.order, seed, epoch)
    return random.permutation(count)
  }

  /// The key of the random numbers that augment one view.
  static func viewKey(seed: Int, epoch: Int, position: Int) -> [Int] {
    [Purpose.augmentation, seed, epoch, position]
  }

  /// Keeps the random sequences of different purposes apart.
  enum Purpose {
    static let order = 1
    static let augmentation = 2
    static let adapter = 3
  }
}
