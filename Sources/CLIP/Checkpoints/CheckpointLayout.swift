/// How a checkpoint's folder is arranged.
public enum CheckpointLayout: String, CaseIterable, Sendable {
  /// `config.json` and `model.safetensors`, for `transformers`.
  case huggingFace = "hf"
  /// `open_clip_config.json` and `open_clip_model.safetensors`, for open_clip.
  case openCLIP = "openclip"

  /// The file that makes a folder one of this layout.
  public var configurationFile: String {
    switch self {
    case .huggingFace: return "config.json"
    case .openCLIP: return "open_clip_config.json"
    }
  }

  /// The file of weights that is written.
  var weightsFile: String { weightsFiles[0] }

  /// The files of weights that are read, the preferred one first.
  ///
  /// open_clip's order is that of `_find_checkpoint_in_dir` in its `factory.py`.
  var weightsFiles: [String] {
    switch self {
    case .huggingFace:
      return [
        "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
        "pytorch_model.bin.index.json",
      ]
    case .openCLIP:
      return [
        "open_clip_model.safetensors", "open_clip_model.safetensors.index.json",
        "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin",
        "open_clip_pytorch_model.pth", "model.safetensors", "pytorch_model.bin",
        "pytorch_model.pth", "model.pth",
      ]
    }
  }
}

extension Checkpoint {
  /// The layout in which the model is written unless told otherwise: Hugging Face's, but open_clip's
  /// for a ResNet, which `transformers` does not have.
  public var preferredLayout: CheckpointLayout {
    if case .resNet = architecture.vision { .openCLIP } else { .huggingFace }
  }
}
