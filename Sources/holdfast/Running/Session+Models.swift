import Basics
import CLIP
import FeatureProtection

extension Session {
  /// Reads a model, and says what was found and left out.
  ///
  /// - Parameters:
  ///   - adapter: The folder of an adapter to merge into the model.
  ///   - activation: That of a file of weights that does not say it.
  ///   - classes: The names of the classes of a soup's classifier.
  func read(
    _ model: String, adapter: String? = nil, activation: Activation? = nil,
    classes: [String]? = nil
  ) throws(HoldfastError) -> Checkpoint {
    let checkpoint = try ModelLocation.read(
      model, adapter: adapter, activation: activation, classes: classes)
    tell(checkpoint.notes, of: model)
    return checkpoint
  }

  /// Shows the notes of a model, each once.
  func tell(_ notes: [String], of model: String) {
    for note in notes { terminal.show(.note("\(model): \(note)")) }
  }
}
