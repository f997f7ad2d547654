import Basics
import Torch

/// A convolution without bias, then batch normalisation by the stored statistics.
///
/// Ioffe and Szegedy 2015, arXiv 1502.03167. The statistics stay those of pre-training in training
/// too: small fine-tuning batches would spoil them, and weights between two models would have
/// statistics of neither.
struct NormalizedConvolution {
  private let weight: Tensor
  private let stride: Int
  private let padding: Int
  private let scale: Tensor
  private let shift: Tensor
  private let mean: Tensor
  private let variance: Tensor

  init(
    _ convolution: String, _ norm: String, stride: Int = 1, _ source: some ParameterSource
  ) throws(HoldfastError) {
    weight = try source.tensor("\(convolution).weight")
    self.stride = stride
    // What keeps the size at stride 1.
    padding = (weight.shape.last ?? 1) / 2
    scale = try source.tensor("\(norm).weight")
    shift = try source.tensor("\(norm).bias")
    mean = try source.tensor("\(norm).running_mean")
    variance = try source.tensor("\(norm).running_var")
  }

  /// `[batch, out, side / stride, side / stride]` of a map `[batch, in, side, side]`.
  func callAsFunction(_ map: Tensor) throws(HoldfastError) -> Tensor {
    try map.convolved(with: weight, stride: stride, padding: padding)
      .batchNormalized(scale, shift, mean: mean, variance: variance, epsilon: 1e-5)
  }
}
