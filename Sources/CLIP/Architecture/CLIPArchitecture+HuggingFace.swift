import Basics

/// Reading and writing `config.json` as `transformers` has it.
extension CLIPArchitecture {
  /// Reads a configuration, filling what it leaves out with `transformers`' defaults.
  ///
  /// Among them is QuickGELU where `hidden_act` is left out: it is what the format means by that.
  ///
  /// - Parameter source: The file's name, for errors.
  /// - Throws: `HoldfastError` of kind `badData`, which names the key.
  public init(configuration: JSONValue, source: String) throws(HoldfastError) {
    let file = try ConfigurationSection(configuration, source: source)
    if let type = file["model_type"]?.string, type != "clip" {
      throw .badData(
        "\(source): model_type is \(type), not clip",
        remedy: "Use a CLIP checkpoint in the Hugging Face layout.")
    }
    let vision = try file.transformersSection("vision_config")
    let text = try file.transformersSection("text_config")
    let patchSize = try vision.integer("patch_size", 32, atMost: 4096)
    self.init(
      vision: .transformer(
        try vision.transformer(width: 768, mlp: 3072, heads: 12), patchSize: patchSize),
      imageSize: try vision.integer("image_size", 224, atMost: 4096),
      // A classifier that was saved without its text tower has no layers there.
      text: try text.transformer(width: 512, mlp: 2048, heads: 8, leastLayers: 0),
      vocabularyCount: try text.integer("vocab_size", 49408, atMost: 10_000_000),
      contextLength: try text.integer("max_position_embeddings", 77, atMost: 100_000),
      projectionWidth: try file.integer("projection_dim", 512, atMost: 100_000),
      endToken: try text.integer("eos_token_id", 49407, from: 0, atMost: 10_000_000))
    try requireWholePatches(source)
  }

  /// - Throws: `HoldfastError` of kind `badData` where patches do not fill the image.
  func requireWholePatches(_ source: String) throws(HoldfastError) {
    guard imageSize % vision.stride == 0 else {
      let stride =
        if case .transformer = vision { "patch_size \(vision.stride)" } else {
          "\(vision.stride), a ResNet's stride"
        }
      throw .badData(
        "\(source): image_size \(imageSize) is no multiple of \(stride)",
        remedy: "Correct the configuration.")
    }
  }

  /// The configuration as `transformers` writes it, complete.
  ///
  /// - Throws: `HoldfastError` of kind `usage` for a ResNet, which `transformers` does not have.
  public func configuration(logitScale: Double = 2.6592) throws(HoldfastError) -> JSONValue {
    guard case .transformer(let visionTransformer, let patchSize) = vision else {
      throw .usage(
        "transformers has no modified ResNet", remedy: "Write the model with --layout openclip.")
    }
    func section(
      _ type: String, _ transformer: TransformerArchitecture, _ own: [String: JSONValue]
    ) -> JSONValue {
      let common: [String: JSONValue] = [
        "model_type": .string(type), "hidden_size": .integer(transformer.width),
        "intermediate_size": .integer(transformer.mlpWidth),
        "num_hidden_layers": .integer(transformer.layers),
        "num_attention_heads": .integer(transformer.heads),
        "hidden_act": .string(transformer.activation.rawValue),
        "layer_norm_eps": .number(transformer.layerNormEpsilon),
        "projection_dim": .integer(projectionWidth), "attention_dropout": .number(0),
      ]
      return .object(common.merging(own) { _, new in new })
    }
    return .object([
      "architectures": .array([.string("CLIPModel")]), "model_type": .string("clip"),
      "projection_dim": .integer(projectionWidth),
      "logit_scale_init_value": .number(logitScale),
      "vision_config": section(
        "clip_vision_model", visionTransformer,
        [
          "image_size": .integer(imageSize), "patch_size": .integer(patchSize),
          "num_channels": .integer(3),
        ]),
      "text_config": section(
        "clip_text_model", text,
        [
          "vocab_size": .integer(vocabularyCount),
          "max_position_embeddings": .integer(contextLength),
          "eos_token_id": .integer(endToken),
          // The default of `transformers`, which warns where the vocabulary lacks it.
          "bos_token_id": vocabularyCount > 49406 ? .integer(49406) : .null,
        ]),
    ])
  }
}

extension ConfigurationSection {
  /// One tower's section; old files have it under "<name>_dict", which `transformers` takes where
  /// there are both.
  fileprivate func transformersSection(_ name: String) throws(HoldfastError)
    -> ConfigurationSection
  {
    if let old = try section(name + "_dict") { return old }
    return try section(name) ?? emptySection(name)
  }

  fileprivate func transformer(
    width: Int, mlp: Int, heads: Int, leastLayers: Int = 1
  ) throws(HoldfastError) -> TransformerArchitecture {
    let name = self["hidden_act"] ?? .string(Activation.quickGELU.rawValue)
    guard let activation = name.string.flatMap(Activation.init) else {
      throw .badData(
        "\(source): hidden_act is \(name.text()), which holdfast does not know",
        remedy: "Use weights with quick_gelu or gelu.")
    }
    let result = TransformerArchitecture(
      width: try integer("hidden_size", width, atMost: 100_000),
      layers: try integer("num_hidden_layers", 12, from: leastLayers, atMost: 1000),
      heads: try integer("num_attention_heads", heads, atMost: 1000),
      mlpWidth: try integer("intermediate_size", mlp, atMost: 1_000_000),
      activation: activation, layerNormEpsilon: try number("layer_norm_eps", 1e-5, atMost: 1))
    guard result.width % result.heads == 0 else {
      throw .badData(
        "\(source): hidden_size \(result.width) is no multiple of \(result.heads) heads",
        remedy: "Correct the configuration.")
    }
    return result
  }
}
