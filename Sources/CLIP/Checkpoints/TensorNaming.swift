/// Who named the tensors of a file.
enum TensorNaming: Sendable {
  /// `vision_model.…`, `text_model.…`: `transformers`.
  case huggingFace
  /// `visual.…`, `transformer.…`: OpenAI and open_clip.
  case openAI

  /// The layout whose configuration describes tensors of these names.
  var layout: CheckpointLayout { self == .huggingFace ? .huggingFace : .openCLIP }
}
