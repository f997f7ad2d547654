import Basics
import CLIP
import FeatureProtection
import Images
import Torch

extension Speed {
  /// A classifier's logits for one batch of pixels that are in memory.
  static func inferencePart(_ inputs: Inputs, _ conversation: Conversation) throws {
    let classifier = try inputs.classifier()
    let pixels = try inputs.pixels(Preprocessing(imageSize: classifier.architecture.imageSize))
    let head = try classifier.head()
    try conversation.serve {
      let start = ContinuousClock.now
      let logits = try withoutGradients { () throws(HoldfastError) in
        try head(VisionTower(classifier.architecture, classifier.weights)(pixels))
          .elements(as: Float.self)
      }
      return Conversation.Answer(
        ContinuousClock.now - start, count: pixels.shape[0], check: .numbers(logits))
    }
  }

  /// The zero-shot head for some classes and the prompts of the CLIP release.
  static func textHeadPart(_ inputs: Inputs, _ conversation: Conversation) throws {
    let checkpoint = try inputs.checkpoint()
    let classes = try ClassNames(file: "\(inputs.folder)/\(inputs.text("classes"))").names
    let prompts = try PromptSet(file: "\(inputs.folder)/\(inputs.text("prompts"))")
    try conversation.serve {
      let start = ContinuousClock.now
      let head = try ClassificationHead.zeroShot(
        checkpoint, classes: classes, prompts: prompts.prompts(for:))
      let weight = try head.weight.elements(as: Float.self)
      return Conversation.Answer(
        ContinuousClock.now - start, count: classes.count, check: .numbers(weight))
    }
  }
}
