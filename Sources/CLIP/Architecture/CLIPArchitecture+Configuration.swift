import Basics

/// Reading and writing `config.json` as `transformers` has it.
extension CLIPArchitecture {
  /// Reads a configuration, filling what it leaves out with `transformers`' defaults.
  ///
  /// - Parameter source: The file's name, for errors.
  public init(configuration: JSONValue, source: String) throws(HoldfastError) {
    let reader = ConfigurationReader(source: source)
    if let type = configuration["model_type"]?.string, type != "clip" {
      throw .badData(
        "\(source): model_type is \(type), not clip",
        remedy: "Use a CLIP checkpoint in the Hugging Face layout.")
    }
    let vision = reader.section(configuration, "vision_config")
    let text = reader.section(configuration, "text_config")
    self.init(
      vision: try reader.transformer(vision, width: 768, mlp: 3072, heads: 12),
      imageSize: try reader.integer(vision, "image_size", 224, atMost: 4096),
      patchSize: try reader.integer(vision, "patch_size", 32, atMost: 4096),
      text: try reader.transformer(text, width: 512, mlp: 2048, heads: 8),
      vocabularyCount: try reader.integer(text, "vocab_size", 49408, atMost: 10_000_000),
      contextLength: try reader.integer(text, "max_position_embeddings", 77, atMost: 100_000),
      projectionWidth: try reader.integer(
        configuration, "projection_dim", 512, atMost: 100_000),
      endToken: text["eos_token_id"]?.int ?? 49407)
    guard imageSize % patchSize == 0 else {
      throw .badData(
        "\(source): image_size \(imageSize) is no multiple of patch_size \(patchSize)",
        remedy: "Correct the configuration.")
    }
  }

  /// The configuration as `transformers` writes it, complete.
  public func configuration(logitScale: Double = 2.6592) -> JSONValue {
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
        "clip_vision_model", vision,
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
        ]),
    ])
  }
}

/// Reads numbers of a configuration with their defaults and limits.
private struct ConfigurationReader {
  let source: String

  func section(_ value: JSONValue, _ name: String) -> JSONValue {
    // Old files keep a copy under "<name>_dict".
    guard case .object? = value[name] else { return value[name + "_dict"] ?? .object([:]) }
    return value[name] ?? .object([:])
  }

  func integer(
    _ value: JSONValue, _ key: String, _ standard: Int, atMost limit: Int
  ) throws(HoldfastError) -> Int {
    guard let found = value[key], found != .null else { return standard }
    guard let number = found.int, (1...limit).contains(number) else {
      throw .badData(
        "\(source): \(key) is \(found.text()), which must be a whole number from 1 to \(limit)",
        remedy: "Correct the configuration, or fetch it again.")
    }
    return number
  }

  func transformer(
    _ value: JSONValue, width: Int, mlp: Int, heads: Int
  ) throws(HoldfastError) -> TransformerArchitecture {
    let name = value["hidden_act"]?.string ?? Activation.quickGELU.rawValue
    guard let activation = Activation(rawValue: name) else {
      throw .badData(
        "\(source): hidden_act is \(name), which holdfast does not know",
        remedy: "Use weights with quick_gelu or gelu.")
    }
    let result = TransformerArchitecture(
      width: try integer(value, "hidden_size", width, atMost: 100_000),
      layers: try integer(value, "num_hidden_layers", 12, atMost: 1000),
      heads: try integer(value, "num_attention_heads", heads, atMost: 1000),
      mlpWidth: try integer(value, "intermediate_size", mlp, atMost: 1_000_000),
      activation: activation, layerNormEpsilon: value["layer_norm_eps"]?.double ?? 1e-5)
    guard result.width % result.heads == 0 else {
      throw .badData(
        "\(source): hidden_size \(result.width) is no multiple of \(result.heads) heads",
        remedy: "Correct the configuration.")
    }
    return result
  }
}
