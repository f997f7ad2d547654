import Basics
import Images
import Torch

/// Turns bytes into a model's input on its device, in torchvision's order of operations.
public struct PixelNormalizer: Sendable {
  private let scale: Tensor
  private let mean: Tensor
  private let std: Tensor
  private let device: Device
  /// `[3, 256]`: what every byte becomes, as the operations give it; nil off the CPU.
  private let table: Tensor?

  public init(_ preprocessing: Preprocessing, device: Device) throws(HoldfastError) {
    self.device = device
    scale = try Tensor([Float(255)], shape: []).to(device)
    mean = try Tensor(preprocessing.mean, shape: [3, 1, 1]).to(device)
    std = try Tensor(preprocessing.std, shape: [3, 1, 1]).to(device)
    if device == .cpu {
      let bytes = try Tensor((0..<256).map(Float.init), shape: [1, 1, 256])
      table = try ((bytes / scale - mean) / std).reshaped(3, 256)
    } else {
      table = nil
    }
  }

  /// Float32 pixels `[count, 3, size, size]`: bytes divided by 255, minus mean, divided by std.
  public func callAsFunction(_ batch: PixelBatch) throws(HoldfastError) -> Tensor {
    let bytes = try batch.pixels.withUnsafeBytes { (bytes) throws(HoldfastError) in
      try Tensor(
        borrowing: bytes, owner: batch.pixels, dtype: .uint8,
        shape: [batch.count, 3, batch.size, batch.size])
    }
    if let table, FastPaths.areOn { return try bytes.lookedUp(in: table) }
    return try (bytes.to(device).to(.float32) / scale - mean) / std
  }
}
