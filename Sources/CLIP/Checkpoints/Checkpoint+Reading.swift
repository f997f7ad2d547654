import Basics
import Foundation
import Torch

extension Checkpoint {
  /// Reads a model: a folder in the Hugging Face or the open_clip layout, or a file of weights.
  ///
  /// Files are `.safetensors`, `.bin`, `.pt` and `.pth`: what `torch.save` wrote (a state dict, also
  /// under `state_dict`, with `module.` or a soup's `model.` before its names) and OpenAI's
  /// TorchScript archives, of which no code is run. The configuration lies beside the weights or in
  /// their metadata; without one the sizes follow from the tensors, as OpenAI's own code does it.
  /// float16, bfloat16 and float64 become float32.
  ///
  /// - Parameters:
  ///   - activation: That of a file that does not say it. OpenAI's archives are QuickGELU.
  ///   - classes: The names of the classes of a soup's classifier, in the order of its rows; else
  ///     those of `classes.txt` beside the file.
  ///   - knownClasses: The names for a number of rows, and what they are, for a classifier in the
  ///     layout of the model soups' release that nothing else names. A note says so.
  /// - Throws: `HoldfastError`; every missing, unexpected and misshapen tensor is named in one, and
  ///   weights of which nothing says what their activation is are refused.
  public static func read(
    _ path: String, activation: Activation? = nil, classes: [String]? = nil,
    knownClasses: (Int) -> (names: [String], what: String)? = { _ in nil }
  ) throws(HoldfastError) -> Checkpoint {
    let files = try CheckpointFiles(path)
    let state = try StateDict(files.tensors())
    let configuration = try CheckpointConfiguration(of: state, in: files, stated: activation)
    let architecture = configuration.architecture
    var checkpoint = Checkpoint(
      architecture: architecture,
      weights: try state.weights(architecture, configuration: configuration.source),
      files: [:], folder: files.folder)
    for name in configuration.isInFolder ? carriedFiles : tokenizerFiles {
      checkpoint.files[name] = try files.read(name)
    }
    try checkpoint.readPreprocessing(configuration)
    try checkpoint.readHead(state, files, configuration, classes, knownClasses)
    if !checkpoint.hasTextTower {
      checkpoint.notes.append("The file has no text transformer: it classifies, but reads no text.")
    }
    return checkpoint
  }

  /// The file of weights that is read of a model: itself, or the one in its folder; the index of a
  /// model in several.
  public static func weightsFile(of path: String) throws(HoldfastError) -> String {
    try CheckpointFiles(path).weights
  }

  /// A configuration of open_clip's, or none at all, also says how images are preprocessed.
  private mutating func readPreprocessing(
    _ configuration: CheckpointConfiguration
  ) throws(HoldfastError) {
    guard configuration.preprocessing != nil || !configuration.isInFolder,
      files["processor_config.json"] == nil || configuration.preprocessing != nil
    else { return }
    let preprocessing = try OpenCLIPPreprocessing(
      configuration.preprocessing ?? .object([:]), source: configuration.source)
    let text = preprocessing.huggingFace(imageSize: architecture.imageSize).text(pretty: true)
    files["preprocessor_config.json"] = Data((text + "\n").utf8)
    files["processor_config.json"] = nil
  }

  private mutating func readHead(
    _ state: StateDict, _ files: CheckpointFiles, _ configuration: CheckpointConfiguration,
    _ classes: [String]?, _ knownClasses: (Int) -> (names: [String], what: String)?
  ) throws(HoldfastError) {
    let path = "\(files.folder)/head.safetensors"
    var source = path
    if let (weight, bias) = try state.head() {
      source = state.file.path
      let list = "\(files.folder)/classes.txt"
      var names = classes
      if names == nil, FileManager.default.fileExists(atPath: list) {
        names = try ClassNames(file: list).names
      }
      if names == nil, state.isSoup, let known = knownClasses(weight.shape.first ?? 0) {
        names = known.names
        notes.append(
          "Nothing names the classes of the file's classifier; by their number they are "
            + "\(known.what). If not, put classes.txt beside it, a name a line.")
      }
      guard let names else {
        notes.append(
          "The file's classifier of \(weight.shape.first ?? 0) classes is left out, as nothing "
            + "names them: put classes.txt beside it, a name a line.")
        return
      }
      do throws(HoldfastError) {
        head = try ClassificationHead(weight: weight, bias: bias, classes: names)
      } catch {
        throw HoldfastError(
          error.kind, "\(source): \(error.problem)",
          remedy: "Name the classes of its classifier, in the order of its rows.")
      }
    } else if configuration.isInFolder, FileManager.default.fileExists(atPath: path) {
      head = try ClassificationHead.read(path)
    }
    guard let head, let width = head.weight.shape.last,
      width != architecture.width(of: head.features)
    else { return }
    throw .badData(
      "\(source): the head is \(width) wide, the model's \(head.features) features "
        + "\(architecture.width(of: head.features))",
      remedy: "Use the head that belongs to this model.")
  }
}
