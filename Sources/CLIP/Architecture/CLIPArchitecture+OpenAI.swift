import Basics

/// Reading the sizes off the tensors of a state dict that has no configuration.
extension CLIPArchitecture {
  /// The architecture that OpenAI's `build_model` infers from names and shapes.
  ///
  /// Heads are 64 wide in either tower, and in a ResNet's attention pooling, as in all of OpenAI's
  /// models. The number of heads leaves no trace in the tensors, and the published vision
  /// transformers that are wider than 1024 (H/14, g/14 and larger) have wider heads: for those, read
  /// a configuration instead.
  ///
  /// - Parameters:
  ///   - shapes: The shape of each tensor, with OpenAI's names: `visual.conv1.weight`,
  ///     `transformer.resblocks.0.ln_1.weight` and so on.
  ///   - activation: That of both towers; it leaves no trace in the tensors either.
  ///   - source: The file's name, for errors.
  /// - Throws: `HoldfastError` of kind `badData` where a tensor is missing or has an odd shape.
  public init(
    openAI shapes: [String: [Int]], activation: Activation, source: String
  ) throws(HoldfastError) {
    let tensors = StateDictShapes(shapes, source: source)
    let vision: VisionArchitecture
    let positions: String
    if shapes["visual.proj"] != nil {
      vision = try tensors.visionTransformer(activation)
      positions = "visual.positional_embedding"
    } else if shapes["visual.layer1.0.conv1.weight"] != nil {
      vision = try tensors.resNet()
      positions = VisionArchitecture.poolingPositionsName
    } else {
      throw .badData(
        "\(source): there is neither visual.proj nor visual.layer1.0.conv1.weight, so the tensors "
          + "are not those of a CLIP as OpenAI or open_clip names them",
        remedy: "Use a state dict with those names, or a Hugging Face folder.")
    }
    let vocabularyCount = try tensors.size("token_embedding.weight", 0, of: 2, atMost: 10_000_000)
    self.init(
      vision: vision, imageSize: try tensors.imageSize(positions, stride: vision.stride),
      text: try tensors.transformer(
        "transformer", width: tensors.size("ln_final.weight", 0, of: 1), activation),
      vocabularyCount: vocabularyCount,
      contextLength: try tensors.size("positional_embedding", 0, of: 2),
      projectionWidth: try tensors.size("text_projection", 1, of: 2),
      // CLIP reads a text at its highest token, and the end is the last of the vocabulary.
      endToken: vocabularyCount - 1)
  }
}
