import Basics

/// Reading and writing `config.json` as `transformers` has it.
extension CLIPArchitecture {
  /// Reads a configuration, filling what it leaves out with `transformers`' defaults.
  ///
  /// - Parameter source: The file's name, for errors.
  public init(configuration: JSONValue, source: String) throws(HoldfastError) {
    let reader = ConfigurationReader(source: source)
    guard configuration.object != nil else {
      throw .badData(
        "\(source): not a JSON object", remedy: "Fetch the file again.")
    }
    if let type = configuration["model_type"]?.string, type != "clip" {
      throw .badData(
        "\(source): model_type is \(type), not clip",
        remedy: "Use a CLIP checkpoint in the Hugging Face layout.")
    }
    let vision = try reader.section(configuration, "vision_config")
    let text = try reader.section(configuration, "text_config")
    self.init(
      vision: try reader.transformer(vision, width: 768, mlp: 3072, heads: 12),
      imageSize: try reader.integer(vision, "image_size", 224, atMost: 4096),
      patchSize: try reader.integer(vision, "patch_size", 32, atMost: 4096),
      text: try reader.transformer(text, width: 512, mlp: 2048, heads: 8),
      vocabularyCount: try reader.integer(text, "vocab_size", 49408, atMost: 10_000_000),
      contextLength: try reader.integer(text, "max_position_embeddings", 77, atMost: 100_000),
      projectionWidth: try reader.integer(
        configuration, "projection_dim", 512, atMost: 100_000),
      endToken: try reader.integer(text, "eos_token_id", 49407, from: 0, atMost: 10_000_000))
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
          // The default of `transformers`, which warns where the vocabulary lacks it.
          "bos_token_id": vocabularyCount > 49406 ? .integer(49406) : .null,
        ]),
    ])
  }
}

/// Reads numbers of a configuration with their defaults and limits.
private struct ConfigurationReader {
  let source: String

  func section(_ value: JSONValue, _ name: String) throws(HoldfastError) -> JSONValue {
    // Old files have it under "<name>_dict", which `transformers` takes where there are both.
    for key in [name + "_dict", name] {
      guard let found = value[key], found != .null else { continue }
      guard found.object != nil else { throw wrong(key, found, "an object") }
      return found
    }
    return .object([:])
  }

  func integer(
    _ value: JSONValue, _ key: String, _ standard: Int, from least: Int = 1, atMost limit: Int
  ) throws(HoldfastError) -> Int {
    guard let found = value[key], found != .null else { return standard }
    guard let number = found.int, (least...limit).contains(number) else {
      throw wrong(key, found, "a whole number from \(least) to \(limit)")
    }
    return number
  }

  private func epsilon(_ value: JSONValue) throws(HoldfastError) -> Double {
    guard let found = value["layer_norm_eps"], found != .null else { return 1e-5 }
    guard let number = found.double, number > 0, number <= 1 else {
      throw wrong("layer_norm_eps", found, "a number above 0 and at most 1")
    }
    return number
  }

  private func wrong(_ key: String, _ value: JSONValue, _ expected: String) -> HoldfastError {
    .badData(
      "\(source): \(key) is \(value.text()), which must be \(expected)",
      remedy: "Correct the configuration, or fetch it again.")
  }

  func transformer(
    _ value: JSONValue, width: Int, mlp: Int, heads: Int
  ) throws(HoldfastError) -> TransformerArchitecture {
    let name = value["hidden_act"] ?? .string(Activation.quickGELU.rawValue)
    guard let activation = name.string.flatMap(Activation.init) else {
      throw .badData(
        "\(source): hidden_act is \(name.text()), which holdfast does not know",
        remedy: "Use weights with quick_gelu or gelu.")
    }
    let result = TransformerArchitecture(
      width: try integer(value, "hidden_size", width, atMost: 100_000),
      layers: try integer(value, "num_hidden_layers", 12, atMost: 1000),
      heads: try integer(value, "num_attention_heads", heads, atMost: 1000),
      mlpWidth: try integer(value, "intermediate_size", mlp, atMost: 1_000_000),
      activation: activation, layerNormEpsilon: try epsilon(value))
    guard result.width % result.heads == 0 else {
      throw .badData(
        "\(source): hidden_size \(result.width) is no multiple of \(result.heads) heads",
        remedy: "Correct the configuration.")
    }
    return result
  }
}
