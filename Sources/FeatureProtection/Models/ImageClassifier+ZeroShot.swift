import Basics
import CLIP
import Torch

extension ImageClassifier {
  /// The classifier that a CLIP is without training: its vision tower under a zero-shot head.
  ///
  /// - Parameters:
  ///   - classes: The readable class names.
  ///   - prompts: The prompt templates. The default is the checkpoint's own `prompts.txt`, or the
  ///     80 of the CLIP release.
  /// - Throws: `HoldfastError` where the checkpoint has no tokenizer or lacks a tensor.
  public init(
    zeroShot checkpoint: Checkpoint, classes: [String], prompts: PromptSet? = nil,
    device: Device = .cpu
  ) throws(HoldfastError) {
    let own = prompts == nil ? try StudyMaterials.prompts(nil, for: checkpoint) : nil
    let head = try ClassificationHead.zeroShot(
      checkpoint, classes: classes, prompts: (prompts ?? own ?? .openAI80).prompts(for:))
    try self.init(checkpoint, head: head, device: device)
  }
}
