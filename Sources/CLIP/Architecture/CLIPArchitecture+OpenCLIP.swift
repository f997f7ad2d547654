import Basics

/// Reading and writing the `model_cfg` of `open_clip_config.json`.
extension CLIPArchitecture {
  /// Reads a configuration, filling what it leaves out with open_clip's defaults.
  ///
  /// Both towers have exact GELU unless `quick_gelu` is true. A head is `head_width` wide, 64 where
  /// that is left out.
  ///
  /// - Parameters:
  ///   - configuration: The whole file, or what stands in it under `model_cfg`.
  ///   - source: The file's name, for errors.
  /// - Throws: `HoldfastError` of kind `badData`, which names the key: also for a tower of `timm` or
  ///   `transformers`, SigLIP's bias, and every other option that makes a model other than CLIP.
  public init(openCLIP configuration: JSONValue, source: String) throws(HoldfastError) {
    let file = try ConfigurationSection(configuration, source: source)
    let model = try file.section("model_cfg") ?? file
    try OpenCLIPOptions.model.check(model)
    guard let vision = try model.section("vision_cfg") else { throw model.missing("vision_cfg") }
    guard let text = try model.section("text_cfg") else { throw model.missing("text_cfg") }
    try OpenCLIPOptions.vision.check(vision)
    try OpenCLIPOptions.text.check(text)
    let activation: Activation = try model.flag("quick_gelu", false) ? .quickGELU : .gelu
    let vocabularyCount = try text.integer("vocab_size", 49408, atMost: 10_000_000)
    self.init(
      vision: try vision.openCLIPVision(activation), imageSize: try vision.openCLIPImageSize(),
      text: try text.openCLIPText(activation), vocabularyCount: vocabularyCount,
      contextLength: try text.integer("context_length", 77, atMost: 100_000),
      projectionWidth: try model.integer("embed_dim", atMost: 100_000),
      endToken: try text.openCLIPEndToken(vocabularyCount))
    try requireWholePatches(source)
  }

  /// What open_clip writes under `model_cfg` for this model; options with default values are left
  /// out.
  ///
  /// - Throws: `HoldfastError` of kind `usage` where open_clip has no such model: one whose towers
  ///   have different activations.
  public func openCLIPConfiguration() throws(HoldfastError) -> JSONValue {
    var visionSection: [String: JSONValue]
    switch vision {
    case .transformer(let transformer, let patchSize):
      guard transformer.activation == text.activation else {
        throw .usage(
          "open_clip has one activation for both towers, this model has "
            + "\(transformer.activation.rawValue) for images and \(text.activation.rawValue) "
            + "for texts", remedy: "Write the model with --layout hf.")
      }
      visionSection = Self.openCLIPSection(transformer)
      visionSection["patch_size"] = .integer(patchSize)
      visionSection["head_width"] = Self.headWidth(transformer.width / max(transformer.heads, 1))
    case .resNet(let resNet):
      visionSection = [
        "layers": .array(resNet.blocks.map(JSONValue.integer)), "width": .integer(resNet.width),
        "patch_size": .null,
      ]
      visionSection["head_width"] = Self.headWidth(resNet.outputWidth / max(resNet.heads, 1))
    }
    visionSection["image_size"] = .integer(imageSize)
    var textSection = Self.openCLIPSection(text)
    textSection["heads"] = .integer(text.heads)
    textSection["context_length"] = .integer(contextLength)
    textSection["vocab_size"] = .integer(vocabularyCount)
    // 2 is the sign of old configurations for the highest number, which is open_clip's rule.
    if endToken != vocabularyCount - 1, endToken != 2 {
      textSection["pool_type"] = .string("eos")
      textSection["eos_id"] = .integer(endToken)
    }
    var model: [String: JSONValue] = [
      "embed_dim": .integer(projectionWidth), "vision_cfg": .object(visionSection),
      "text_cfg": .object(textSection),
    ]
    if text.activation == .quickGELU { model["quick_gelu"] = .bool(true) }
    return .object(model)
  }

  /// What both towers' sections share.
  private static func openCLIPSection(
    _ transformer: TransformerArchitecture
  ) -> [String: JSONValue] {
    var section: [String: JSONValue] = [
      "layers": .integer(transformer.layers), "width": .integer(transformer.width),
    ]
    if transformer.mlpWidth != transformer.width * 4 {
      let ratio = Double(transformer.mlpWidth) / Double(transformer.width)
      // open_clip cuts off what is behind the point, where rounding down would cost one.
      let isShort = Int(Double(transformer.width) * ratio) < transformer.mlpWidth
      section["mlp_ratio"] = .number(isShort ? ratio.nextUp : ratio)
    }
    if transformer.layerNormEpsilon != 1e-5 {
      section["norm_kwargs"] = .object(["eps": .number(transformer.layerNormEpsilon)])
    }
    return section
  }

  private static func headWidth(_ width: Int) -> JSONValue? {
    width == 64 ? nil : .integer(width)
  }
}

extension ConfigurationSection {
  fileprivate func openCLIPVision(
    _ activation: Activation
  ) throws(HoldfastError) -> VisionArchitecture {
    let headWidth = try integer("head_width", 64, atMost: 100_000)
    if let list = self["layers"]?.array {
      let blocks = list.compactMap(\.int).filter { (1...1000).contains($0) }
      guard blocks.count == 4, list.count == 4 else {
        throw wrong("layers", "a number, or four of a ResNet, from 1 to 1000")
      }
      let width = try integer("width", 768, from: 2, atMost: 10_000)
      let heads = try openCLIPHeads(width * 32, headWidth)
      return .resNet(ResNetArchitecture(blocks: blocks, width: width, heads: heads))
    }
    let width = try integer("width", 768, atMost: 100_000)
    let transformer = try openCLIPTransformer(
      width: width, heads: openCLIPHeads(width, headWidth), activation)
    return .transformer(transformer, patchSize: try integer("patch_size", 16, atMost: 4096))
  }

  fileprivate func openCLIPText(
    _ activation: Activation
  ) throws(HoldfastError) -> TransformerArchitecture {
    let width = try integer("width", 512, atMost: 100_000)
    let heads = try integer("heads", 8, atMost: 1000)
    guard width % heads == 0 else { throw wrong("heads", "a divisor of the width \(width)") }
    // A classifier that was saved without its text tower has no layers there.
    return try openCLIPTransformer(width: width, heads: heads, activation, leastLayers: 0)
  }

  /// A whole number, or the two equal numbers of a square.
  fileprivate func openCLIPImageSize() throws(HoldfastError) -> Int {
    guard let sides = self["image_size"]?.array else {
      return try integer("image_size", 224, atMost: 4096)
    }
    guard sides.count == 2, sides[0] == sides[1], let side = sides[0].int,
      (1...4096).contains(side)
    else { throw wrong("image_size", "the side of a square, from 1 to 4096") }
    return side
  }

  /// The token that a text is read at: the highest number, or the one that is named.
  fileprivate func openCLIPEndToken(_ vocabularyCount: Int) throws(HoldfastError) -> Int {
    switch self["pool_type"] {
    case nil, .string("argmax"): return vocabularyCount - 1
    // From 3: 2 is the sign of old configurations for the highest number.
    case .string("eos"): return try integer("eos_id", from: 3, atMost: 10_000_000)
    default: throw unsupported("pool_type")
    }
  }

  private func openCLIPHeads(_ width: Int, _ headWidth: Int) throws(HoldfastError) -> Int {
    guard width % headWidth == 0 else {
      throw wrong("width", "such that its heads are \(headWidth) wide")
    }
    return width / headWidth
  }

  private func openCLIPTransformer(
    width: Int, heads: Int, _ activation: Activation, leastLayers: Int = 1
  ) throws(HoldfastError) -> TransformerArchitecture {
    let ratio = try number("mlp_ratio", 4, atMost: 1000)
    let mlpWidth = Int(Double(width) * ratio)
    guard mlpWidth > 0 else { throw wrong("mlp_ratio", "at least 1 / \(width)") }
    return TransformerArchitecture(
      width: width, layers: try integer("layers", 12, from: leastLayers, atMost: 1000),
      heads: heads,
      mlpWidth: mlpWidth, activation: activation, layerNormEpsilon: try openCLIPEpsilon())
  }

  private func openCLIPEpsilon() throws(HoldfastError) -> Double {
    guard let options = try section("norm_kwargs") else { return 1e-5 }
    if let other = options.keys.first(where: { $0 != "eps" }) { throw options.unsupported(other) }
    return try options.number("eps", 1e-5, atMost: 1)
  }
}
