import Torch

/// Where a tensor of ours lies in a file: the name there, and which part of it is ours.
///
/// OpenAI and open_clip fuse the three projections of an attention, and store the two projections
/// into the common space transposed (`convert_clip_original_pytorch_to_hf.py` of `transformers`).
struct TensorPlace: Hashable {
  enum Part: Hashable {
    case whole
    case transposed
    /// One of three equal parts of the rows: query, key and value.
    case third(Int)
  }

  var name: String
  var part: Part

  /// The place in a file of the given naming.
  init(of name: String, in naming: TensorNaming) {
    self.init(name: name, part: .whole)
    if naming == .openAI { self = Self.openAI(name) }
  }

  private init(name: String, part: Part) {
    self.name = name
    self.part = part
  }

  /// The shape there of a tensor that is `shape` here.
  func shape(of shape: [Int]) -> [Int] {
    switch part {
    case .whole: return shape
    case .transposed: return shape.reversed()
    case .third:
      guard let first = shape.first else { return shape }
      let (rows, overflow) = first.multipliedReportingOverflow(by: 3)
      return overflow ? shape : [rows] + shape.dropFirst()
    }
  }

  private static func openAI(_ name: String) -> TensorPlace {
    if let place = singles[name] { return place }
    for (ours, theirs) in [
      ("vision_model.encoder.layers.", "visual.transformer.resblocks."),
      ("text_model.encoder.layers.", "transformer.resblocks."),
    ] where name.hasPrefix(ours) {
      let parts = name.dropFirst(ours.count).split(separator: ".", maxSplits: 1)
      guard parts.count == 2, let inner = blocks[String(parts[1])] else { break }
      return TensorPlace(name: "\(theirs)\(parts[0]).\(inner.name)", part: inner.part)
    }
    // A ResNet's tensors, and the scale.
    return TensorPlace(name: name, part: .whole)
  }

  private static let singles: [String: TensorPlace] = {
    let vision = "vision_model"
    let text = "text_model"
    var table: [String: TensorPlace] = [
      "visual_projection.weight": TensorPlace(name: "visual.proj", part: .transposed),
      "text_projection.weight": TensorPlace(name: "text_projection", part: .transposed),
    ]
    for (ours, theirs) in [
      ("\(vision).embeddings.class_embedding", "visual.class_embedding"),
      ("\(vision).embeddings.patch_embedding.weight", "visual.conv1.weight"),
      (VisionArchitecture.patchPositionsName, "visual.positional_embedding"),
      ("\(text).embeddings.token_embedding.weight", "token_embedding.weight"),
      ("\(text).embeddings.position_embedding.weight", "positional_embedding"),
    ] { table[ours] = TensorPlace(name: theirs, part: .whole) }
    for (ours, theirs) in [
      ("\(vision).pre_layrnorm", "visual.ln_pre"), ("\(vision).post_layernorm", "visual.ln_post"),
      ("\(text).final_layer_norm", "ln_final"),
    ] {
      for end in ["weight", "bias"] {
        table["\(ours).\(end)"] = TensorPlace(name: "\(theirs).\(end)", part: .whole)
      }
    }
    return table
  }()

  /// The names within one block.
  private static let blocks: [String: TensorPlace] = {
    var table: [String: TensorPlace] = [:]
    for end in ["weight", "bias"] {
      for (number, letter) in ["q", "k", "v"].enumerated() {
        table["self_attn.\(letter)_proj.\(end)"] = TensorPlace(
          name: "attn.in_proj_\(end)", part: .third(number))
      }
      for (ours, theirs) in [
        ("self_attn.out_proj", "attn.out_proj"), ("layer_norm1", "ln_1"), ("layer_norm2", "ln_2"),
        ("mlp.fc1", "mlp.c_fc"), ("mlp.fc2", "mlp.c_proj"),
      ] { table["\(ours).\(end)"] = TensorPlace(name: "\(theirs).\(end)", part: .whole) }
    }
    return table
  }()
}
