import Basics
import FeatureProtection
import Images
import TestSupport
import Testing
import Torch

/// Bytes to a model's input: the table, the plain operators and plain arithmetic, bit for bit.
@Suite struct PixelNormalizerTests {
  private static let preprocessing = Preprocessing(
    resizeShortSide: 8, cropSize: 8, mean: [0.5, 0.4578275, 0.40821073],
    std: [0.25, 0.26130258, 0.27577711])

  /// Every byte in every channel, and then some.
  private func batch(_ count: Int, size: Int) -> PixelBatch {
    var random = CounterRandom(count)
    let bytes = (0..<count * 3 * size * size).map { index in
      index % (size * size) < 256 ? UInt8(index % 256) : UInt8(random.below(256))
    }
    return PixelBatch(
      pixels: PixelBuffer(bytes), count: count, size: size, positions: Array(0..<count),
      skipped: [])
  }

  @Test(arguments: [(1, 8), (3, 16), (5, 37)])
  func theTableIsTheOperators(_ count: Int, _ size: Int) throws {
    let batch = batch(count, size: size)
    let normalizer = try PixelNormalizer(Self.preprocessing, device: .cpu)
    let fast = try normalizer(batch)
    let plain = try FastPaths.off { () throws(HoldfastError) in try normalizer(batch) }
    #expect(fast.shape == [count, 3, size, size] && plain.shape == fast.shape)
    let numbers = try fast.elements(as: Float.self)
    #expect(try plain.elements(as: Float.self) == numbers)
    let expected = batch.pixels.bytes.enumerated().map { index, byte in
      let channel = index / (size * size) % 3
      return (Float(byte) / 255 - Self.preprocessing.mean[channel])
        / Self.preprocessing.std[channel]
    }
    #expect(numbers == expected)
  }

  /// A tensor over the batch's own bytes keeps them alive.
  @Test func theBatchMayGo() throws {
    var batch: PixelBatch? = batch(2, size: 16)
    let expected = try batch.map { try PixelNormalizer(Self.preprocessing, device: .cpu)($0) }
    let bytes = try #require(
      try batch?.pixels.withUnsafeBytes { (bytes) throws(HoldfastError) in
        try batch.map { owner throws(HoldfastError) in
          try Tensor(
            borrowing: bytes, owner: owner.pixels, dtype: .uint8, shape: [2, 3, 16, 16])
        }
      })
    batch = nil
    let table = try Tensor.stacked(
      (0..<3).map { channel in
        try Tensor(
          (0..<256).map {
            (Float($0) / 255 - Self.preprocessing.mean[channel]) / Self.preprocessing.std[channel]
          })
      })
    #expect(
      try bytes.lookedUp(in: table).elements(as: Float.self) == expected?.elements(as: Float.self))
  }

  @Test func whatDoesNotFitIsAnError() throws {
    let bytes = try Tensor([UInt8](repeating: 1, count: 12), shape: [1, 3, 2, 2])
    let table = try Tensor.zeros([3, 256])
    #expect(try bytes.lookedUp(in: table).shape == [1, 3, 2, 2])
    for (pixels, values) in [
      (bytes, try Tensor.zeros([3, 255])), (bytes, try Tensor.zeros([1, 256])),
      (try bytes.to(.float32), table), (try bytes.reshaped(3, 2, 2), table),
    ] {
      expectProblem(.internalError, containing: "pixels") { try pixels.lookedUp(in: values) }
    }
  }
}
