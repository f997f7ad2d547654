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

/// Turns bytes into a model's input on its device, in torchvision's order of operations.
public struct PixelNormalizer: Sendable {
  private let scale: Tensor
  private let mean: Tensor
  private let std: Tensor
  private let device: Device

  public init(_ preprocessing: Preprocessing, device: Device) throws(HoldfastError) {
    self.device = device
    scale = try Tensor([Float(255)], shape: []).to(device)
    mean = try Tensor(preprocessing.mean, shape: [3, 1, 1]).to(device)
    std = try Tensor(preprocessing.std, shape: [3, 1, 1]).to(device)
  }

  /// Float32 pixels `[count, 3, size, size]`: bytes divided by 255, minus mean, divided by std.
  public func callAsFunction(_ batch: PixelBatch) throws(HoldfastError) -> Tensor {
    let bytes = try batch.pixels.withUnsafeBytes { (bytes) throws(HoldfastError) in
      try Tensor(bytes: bytes, dtype: .uint8, shape: [batch.count, 3, batch.size, batch.size])
    }
    return try (bytes.to(device).to(.float32) / scale - mean) / std
  }
}
