import Basics
import Torch

/// CLIP's modified ResNet, a struct of views of its weights.
///
/// Radford et al. 2021 (arXiv 2103.00020, section 2.4), with the blur of Zhang 2019 (arXiv
/// 1904.11486) as average pooling in front of every convolution that would stride.
struct ModifiedResNet {
  private let stem: [NormalizedConvolution]
  private let blocks: [Bottleneck]
  private let pooling: AttentionPooling

  init(
    _ architecture: ResNetArchitecture, _ source: some ParameterSource
  ) throws(HoldfastError) {
    var stem: [NormalizedConvolution] = []
    for number in 1...3 {
      stem.append(
        try NormalizedConvolution(
          "visual.conv\(number)", "visual.bn\(number)", stride: number == 1 ? 2 : 1, source))
    }
    var blocks: [Bottleneck] = []
    for (stage, count) in architecture.blocks.enumerated() {
      for number in 0..<max(count, 0) {
        // The first stage keeps the size of the map, each of the others halves it.
        let stride = stage > 0 && number == 0 ? 2 : 1
        blocks.append(
          try Bottleneck(
            "visual.layer\(stage + 1).\(number)", stride: stride, hasShortcut: number == 0, source))
      }
    }
    self.stem = stem
    self.blocks = blocks
    pooling = try AttentionPooling("visual.attnpool", heads: architecture.heads, source)
  }

  /// Features `[batch, projection width]`, or `[batch, 32 · width]`, of pixels
  /// `[batch, 3, size, size]`.
  func callAsFunction(
    _ pixels: Tensor, _ features: HeadFeatures
  ) throws(HoldfastError) -> Tensor {
    try pooling(hiddenState(pixels), features)
  }

  /// The last stage's map: `[batch, 32 · width, size / 32, size / 32]`.
  func hiddenState(_ pixels: Tensor) throws(HoldfastError) -> Tensor {
    var map = pixels
    for convolution in stem { map = try convolution(map).relu() }
    map = try map.averagePooled(2)
    for block in blocks { map = try block(map) }
    return map
  }
}

/// relu(shortcut(x) + three convolutions of x).
///
/// He et al. 2015, arXiv 1512.03385.
private struct Bottleneck {
  private let stride: Int
  private let first: NormalizedConvolution
  private let second: NormalizedConvolution
  private let third: NormalizedConvolution
  private let shortcut: NormalizedConvolution?

  /// - Parameter hasShortcut: Whether the shortcut is a convolution rather than x itself.
  init(
    _ name: String, stride: Int, hasShortcut: Bool, _ source: some ParameterSource
  ) throws(HoldfastError) {
    self.stride = stride
    first = try NormalizedConvolution("\(name).conv1", "\(name).bn1", source)
    second = try NormalizedConvolution("\(name).conv2", "\(name).bn2", source)
    third = try NormalizedConvolution("\(name).conv3", "\(name).bn3", source)
    shortcut =
      hasShortcut
      ? try NormalizedConvolution("\(name).downsample.0", "\(name).downsample.1", source) : nil
  }

  func callAsFunction(_ map: Tensor) throws(HoldfastError) -> Tensor {
    let middle = try pooled(second(first(map).relu()).relu())
    let direct = try shortcut.map { (convolution) throws(HoldfastError) in
      try convolution(pooled(map))
    }
    return try (third(middle) + (direct ?? map)).relu()
  }

  private func pooled(_ map: Tensor) throws(HoldfastError) -> Tensor {
    stride > 1 ? try map.averagePooled(stride) : map
  }
}
