import Basics

/// The options of `open_clip_config.json` that holdfast does not read as sizes, by section.
///
/// As open_clip 3.3 has them (`CLIP`, `CLIPVisionCfg` and `CLIPTextCfg` of its `model.py`).
struct OpenCLIPOptions {
  /// The options that are read elsewhere.
  var read: Set<String>
  /// Options that do not change what a stored model computes.
  var harmless: Set<String>
  /// Options that make another model, unless they have this value.
  var required: [String: JSONValue]

  /// - Throws: `HoldfastError` of kind `badData`, naming the first option that is not supported.
  func check(_ section: ConfigurationSection) throws(HoldfastError) {
    for key in section.keys where !read.contains(key) && !harmless.contains(key) {
      guard let value = required[key], section[key] == value || section[key] == .object([:])
      else { throw section.unsupported(key) }
    }
  }

  static let model = OpenCLIPOptions(
    read: ["embed_dim", "quick_gelu", "vision_cfg", "text_cfg"],
    // Where a text tower's tensors lie, how the scale starts and is stored, how outputs are packed.
    harmless: ["custom_text", "init_logit_scale", "nonscalar_logit_scale", "output_dict"],
    required: [:])

  static let vision = OpenCLIPOptions(
    read: [
      "image_size", "layers", "width", "head_width", "patch_size", "mlp_ratio", "norm_kwargs",
    ],
    harmless: [
      "patch_dropout", "output_tokens", "attn_pooler_queries", "attn_pooler_heads",
      "timm_model_pretrained", "timm_pool", "timm_proj", "timm_proj_bias", "timm_drop",
      "timm_drop_path",
    ],
    required: blockOptions.merging([
      "attentional_pool": .bool(false), "no_ln_pre": .bool(false), "pool_type": .string("tok"),
      "pos_embed_type": .string("learnable"),
    ]) { first, _ in first })

  static let text = OpenCLIPOptions(
    read: [
      "context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio", "norm_kwargs",
      "pool_type", "eos_id",
    ],
    harmless: ["pad_id", "output_tokens", "hf_model_pretrained", "hf_proj_type", "hf_pooler_type"],
    required: blockOptions.merging([
      "embed_cls": .bool(false), "no_causal_mask": .bool(false), "proj_bias": .bool(false),
      "proj_type": .string("linear"), "tokenizer_kwargs": .object([:]),
    ]) { first, _ in first })

  /// What both towers' blocks can be told to do differently.
  private static let blockOptions: [String: JSONValue] = [
    "act_kwargs": .object([:]), "block_type": .string("default"),
    "final_ln_after_pool": .bool(false), "qk_norm": .bool(false), "scale_attn": .bool(false),
    "scale_attn_inner": .bool(false), "scale_fc": .bool(false), "scale_heads": .bool(false),
    "scaled_cosine_attn": .bool(false),
  ]
}
