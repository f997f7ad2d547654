/// Whose names of modules an adapter's file has.
///
/// PEFT hangs an update on a module, so that the module's name decides the tensors' names.
/// `transformers` has three modules for queries, keys and values. `open_clip`, like OpenAI's
/// release, has one `nn.MultiheadAttention`, whose `in_proj_weight` is a bare parameter of
/// `[3 · width, width]`: there is no module for queries alone, so PEFT can only train one update of
/// all three rows with one A, and always one of `out_proj` beside it
/// (`peft/tuners/lora/layer.py`, `MultiheadAttention`; huggingface/peft issue 761). Separate
/// updates of queries, keys and values are nevertheless one update of the fused matrix, of the sum
/// of their ranks, and that is how they are written for `open_clip`.
///
/// Up to version 0.21.2 PEFT adds the update of such an attention's `out_proj` twice, in training, in
/// use and in merging (huggingface/peft pull request 3774): W + 2 · scale · B · A. Adapters of these
/// versions are read as they were trained, and written so that these versions compute what is meant.
public enum AdapterNaming: String, Sendable, CaseIterable {
  /// The names of `transformers`' `CLIPModel` and `CLIPVisionModelWithProjection`.
  case huggingFace = "hf"
  /// The names of `open_clip`'s `CLIP`.
  case openCLIP = "openclip"
}

extension AdapterNaming {
  /// The towers of the two namings.
  private static let towers = [
    (transformers: "vision_model.encoder.layers.", openCLIP: "visual.transformer.resblocks."),
    (transformers: "text_model.encoder.layers.", openCLIP: "transformer.resblocks."),
  ]

  /// The maps within a block, fused projections aside.
  private static let maps = [
    (transformers: "self_attn.out_proj", openCLIP: "attn.base_layer.out_proj"),
    (transformers: "self_attn.out_proj", openCLIP: "attn.out_proj"),
    (transformers: "mlp.fc1", openCLIP: "mlp.c_fc"),
    (transformers: "mlp.fc2", openCLIP: "mlp.c_proj"),
  ]

  static let projections = ["q_proj", "k_proj", "v_proj"].map { "self_attn.\($0)" }

  /// The modules of `CLIPModel` that PEFT's update of a module changes: three for a fused
  /// attention, in the order of its rows, else one.
  ///
  /// - Parameter modelClass: The class that PEFT says it wrapped; a bare `CLIPVisionModel` or
  ///   `CLIPTextModel` of `transformers` 5 has names without the tower.
  static func modules(_ name: String, modelClass: String?) -> [String] {
    if name.hasPrefix("encoder.") {
      switch modelClass {
      case "CLIPVisionModel": return ["vision_model.\(name)"]
      case "CLIPTextModel": return ["text_model.\(name)"]
      default: return [name]
      }
    }
    // A model with a text tower of its own class has its names under "text.".
    let plain = name.hasPrefix("text.transformer.") ? String(name.dropFirst("text.".count)) : name
    for tower in towers where plain.hasPrefix(tower.openCLIP) {
      let parts = plain.dropFirst(tower.openCLIP.count)
        .split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { return [name] }
      let block = tower.transformers + parts[0]
      if parts[1] == "attn" { return projections.map { "\(block).\($0)" } }
      guard let map = maps.first(where: { $0.openCLIP == parts[1] }) else { return [name] }
      return ["\(block).\(map.transformers)"]
    }
    return [name]
  }

  /// A module of `CLIPModel` as its block and its map in `open_clip`, or nil where `open_clip` has
  /// no module for it; the map of a query, key or value projection is `attn`.
  static func openCLIPPlace(_ module: String) -> (block: String, map: String)? {
    for tower in towers where module.hasPrefix(tower.transformers) {
      let parts = module.dropFirst(tower.transformers.count).split(separator: ".", maxSplits: 1)
      guard parts.count == 2 else { return nil }
      let map =
        projections.contains(String(parts[1]))
        ? "attn" : maps.first { $0.transformers == parts[1] }?.openCLIP
      return map.map { (tower.openCLIP + parts[0], $0) }
    }
    return nil
  }
}
