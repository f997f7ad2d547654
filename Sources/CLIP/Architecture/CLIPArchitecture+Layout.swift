import Basics
import Torch

/// Tensors that lie side by side in the buffer.
typealias TensorGroup = [(name: String, shape: [Int])]

/// The names and shapes of the tensors, in the buffer's order.
///
/// Transformers have the names of the library `transformers`; a ResNet, which that library lacks,
/// has OpenAI's.
extension CLIPArchitecture {
  /// The layout of the whole model.
  public func layout() throws(HoldfastError) -> WeightsLayout {
    try WeightsLayout(groups: visionGroups() + textGroups() + [[("logit_scale", [])]])
  }

  /// The layout of the vision tower and its projection.
  public func visionLayout() throws(HoldfastError) -> WeightsLayout {
    try WeightsLayout(groups: visionGroups())
  }

  /// Whether a tensor belongs to the vision tower or its projection.
  public static func isVision(_ name: String) -> Bool {
    name.hasPrefix("vision_model.") || name.hasPrefix("visual_projection.")
      || name.hasPrefix("visual.")
  }

  /// Whether a tensor stays as it is in every kind of training: batch normalisation's running
  /// statistics, which are measured and not learned.
  ///
  /// No optimiser, weight decay or penalty may touch it.
  public static func isFixed(_ name: String) -> Bool {
    name.hasSuffix(".running_mean") || name.hasSuffix(".running_var")
  }

  private func visionGroups() -> [TensorGroup] {
    switch vision {
    case .transformer(let transformer, let patchSize):
      return visionGroups(transformer, patchSize)
    case .resNet(let resNet):
      return resNet.groups(gridSide: gridSide, projectionWidth: projectionWidth)
    }
  }

  private func visionGroups(
    _ transformer: TransformerArchitecture, _ patchSize: Int
  ) -> [TensorGroup] {
    let width = transformer.width
    var groups: [TensorGroup] = [
      [("vision_model.embeddings.class_embedding", [width])],
      [("vision_model.embeddings.patch_embedding.weight", [width, 3, patchSize, patchSize])],
      [(VisionArchitecture.patchPositionsName, [positionCount, width])],
    ]
    // The misspelling is the checkpoint's.
    groups += Self.norm("vision_model.pre_layrnorm", width)
    groups += Self.layers("vision_model.encoder.layers", transformer)
    groups += Self.norm("vision_model.post_layernorm", width)
    groups.append([("visual_projection.weight", [projectionWidth, width])])
    return groups
  }

  private func textGroups() -> [TensorGroup] {
    let width = text.width
    var groups: [TensorGroup] = [
      [("text_model.embeddings.token_embedding.weight", [vocabularyCount, width])],
      [("text_model.embeddings.position_embedding.weight", [contextLength, width])],
    ]
    groups += Self.layers("text_model.encoder.layers", text)
    groups += Self.norm("text_model.final_layer_norm", width)
    groups.append([("text_projection.weight", [projectionWidth, width])])
    return groups
  }

  private static func norm(_ name: String, _ width: Int) -> [TensorGroup] {
    [[("\(name).weight", [width])], [("\(name).bias", [width])]]
  }

  private static func layers(_ prefix: String, _ transformer: TransformerArchitecture)
    -> [TensorGroup]
  {
    let width = transformer.width
    let projections = ["q_proj", "k_proj", "v_proj"]
    return (0..<transformer.layers).flatMap { number -> [TensorGroup] in
      let layer = "\(prefix).\(number)"
      return norm("\(layer).layer_norm1", width) + [
        projections.map { ("\(layer).self_attn.\($0).weight", [width, width]) },
        projections.map { ("\(layer).self_attn.\($0).bias", [width]) },
        [("\(layer).self_attn.out_proj.weight", [width, width])],
        [("\(layer).self_attn.out_proj.bias", [width])],
      ] + norm("\(layer).layer_norm2", width) + [
        [("\(layer).mlp.fc1.weight", [transformer.mlpWidth, width])],
        [("\(layer).mlp.fc1.bias", [transformer.mlpWidth])],
        [("\(layer).mlp.fc2.weight", [width, transformer.mlpWidth])],
        [("\(layer).mlp.fc2.bias", [width])],
      ]
    }
  }
}
