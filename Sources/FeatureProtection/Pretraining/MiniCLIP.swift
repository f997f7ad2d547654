import Basics
import Benchmarks
import CLIP
import Foundation
import Images
import Torch

/// The embedded model: a CLIP small enough to pre-train in minutes, on MiniDomains' captions.
public enum MiniCLIP {
  /// 32 pixels in patches of 8, three layers of width 96 for images, two of 64 for texts.
  public static func architecture(for tokenizer: Tokenizer) -> CLIPArchitecture {
    CLIPArchitecture(
      vision: .transformer(
        TransformerArchitecture(
          width: 96, layers: 3, heads: 3, mlpWidth: 384, activation: .quickGELU),
        patchSize: 8),
      imageSize: MiniDomains.side,
      text: TransformerArchitecture(
        width: 64, layers: 2, heads: 2, mlpWidth: 256, activation: .quickGELU),
      vocabularyCount: tokenizer.vocabularyCount, contextLength: 16, projectionWidth: 64,
      endToken: tokenizer.endToken)
  }

  /// A tokenizer for which each word of the captions is one token.
  public static func tokenizer() throws(HoldfastError) -> Tokenizer {
    try BytePairTrainer.train(on: MiniDomains.vocabulary)
  }

  /// The prompts of its zero-shot head: three openings by five words for a picture.
  public static let prompts = ["a", "the", "my"].flatMap { opening in
    ["photo", "picture", "image", "drawing", "painting"].map { "\(opening) \($0) of a {}" }
  }

  /// Weights before training, as CLIP draws them, with larger token embeddings (0.3 instead of
  /// 0.02): with CLIP's own the small text tower does not get off the ground.
  ///
  /// - Parameter architecture: One of two transformers.
  public static func initialWeights(
    _ architecture: CLIPArchitecture, seed: Int
  ) throws(HoldfastError) -> Weights {
    guard case .transformer(let vision, _) = architecture.vision else {
      throw .internalError("no start is known for a ResNet")
    }
    let layout = try architecture.layout()
    return try Weights(layout: layout) { (name) throws(HoldfastError) in
      let shape = layout[name]?.shape ?? []
      if name == "logit_scale" { return try Tensor([Float(log(1 / 0.07))], shape: []) }
      let isText = name.hasPrefix("text")
      let deviation = standardDeviation(name, isText ? architecture.text : vision)
      guard deviation > 0 else {
        return try Tensor.full(shape, name.contains("norm") && name.hasSuffix("weight") ? 1 : 0)
      }
      var random = CounterRandom(seed, layout.names.firstIndex(of: name) ?? 0)
      let values = (0..<shape.reduce(1, *)).map { _ in Float(random.normal() * deviation) }
      return try Tensor(values, shape: shape)
    }
  }

  /// 0 stands for norms and biases, which start at one and zero.
  private static func standardDeviation(
    _ name: String, _ transformer: TransformerArchitecture
  ) -> Double {
    let width = Double(transformer.width)
    let residual = pow(width, -0.5) * pow(2 * Double(transformer.layers), -0.5)
    if name.hasSuffix("bias") || name.contains("norm") || name.contains("layrnorm") { return 0 }
    if name.contains("token_embedding") { return 0.3 }
    if name.hasPrefix("text_model.embeddings.position") { return 0.01 }
    if name.contains("patch_embedding") { return pow(3.0 * 3 * 64, -0.5) }
    if name.contains("out_proj") { return residual }
    if name.contains("fc1") { return pow(2 * width, -0.5) }
    if name.contains("fc2") { return residual / 2 }
    return pow(width, -0.5)
  }
}
