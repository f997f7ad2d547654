import Basics
import Torch

/// The tensors of a file under the names of their layout, whatever wraps them.
///
/// Wrappers are `module.` of parallel training, `_orig_mod.` of compilation, `model.` of the soups'
/// classifier, and `text.` of open_clip's `CustomTextCLIP`.
struct StateDict {
  let file: any TensorFile
  let naming: TensorNaming
  /// Whether it has the two tensors of a soup's classifier.
  let hasHead: Bool
  /// The file's name of each tensor, by the layout's name.
  private let fileNames: [String: String]
  /// What stands before every name in the file.
  private let parallel: String
  /// What stands before the model's names: the former, and the soups' own.
  private let wrapper: String
  private let textWrapper: String

  /// - Throws: `HoldfastError` of kind `badData` where the names are not those of a CLIP.
  init(_ file: any TensorFile) throws(HoldfastError) {
    self.file = file
    let parallel = Self.wrapper(of: file.names, among: ["module.", "_orig_mod."])
    let heads = Set(Self.headNames.map { parallel + $0 })
    hasHead = heads.isSubset(of: file.names)
    let own = file.names.filter { !heads.contains($0) }
    let wrapper = parallel + Self.wrapper(of: own.map { $0.dropFirst(parallel.count) })
    let isCustom = own.contains("\(wrapper)text.token_embedding.weight")
    let textWrapper = isCustom ? "text." : ""
    var fileNames: [String: String] = [:]
    for name in own {
      var inner = name.dropFirst(wrapper.count)
      if inner.hasPrefix(textWrapper) { inner = inner.dropFirst(textWrapper.count) }
      if Self.isIgnored(inner) { continue }
      guard fileNames.updateValue(name, forKey: String(inner)) == nil else {
        throw .badData(
          "\(file.path): \(inner) occurs twice", remedy: "Use a checkpoint of one model.")
      }
    }
    self.fileNames = fileNames
    self.parallel = parallel
    self.wrapper = wrapper
    self.textWrapper = textWrapper
    if fileNames.keys.contains(where: { $0.hasPrefix("vision_model.") }) {
      naming = .huggingFace
    } else if fileNames.keys.contains(where: { $0.hasPrefix("visual.") }) {
      naming = .openAI
    } else {
      throw .badData(
        "\(file.path): not the tensors of a CLIP: neither visual.… nor vision_model.…, but "
          + Self.list(file.names),
        remedy: "Give a checkpoint of OpenAI, open_clip or transformers.")
    }
  }

  /// Whether OpenAI wrote the file: its TorchScript archives hold these sizes as tensors.
  ///
  /// Other TorchScript archives may hold any CLIP.
  var isOpenAIArchive: Bool {
    (file as? TorchFile)?.isScript == true && Self.sizes.allSatisfy { file.shape(of: $0) != nil }
  }

  /// Whether it has the layout of the model soups' release: a CLIP under `model.` beside the
  /// classifier.
  var isSoup: Bool { hasHead && wrapper.hasSuffix("model.") }

  /// Whether the text tower's transformer was left out, as soups of classifiers do.
  var lacksTextTransformer: Bool {
    let prefix = naming == .openAI ? "transformer." : "text_model.encoder."
    return !fileNames.keys.contains { $0.hasPrefix(prefix) }
  }

  /// The shapes of all tensors under OpenAI's names.
  var openAIShapes: [String: [Int]] {
    var shapes: [String: [Int]] = [:]
    for (name, fileName) in fileNames {
      guard let shape = file.shape(of: fileName) else { continue }
      if naming == .openAI {
        shapes[name] = shape
      } else {
        let place = TensorPlace(of: name, in: .openAI)
        shapes[place.name] = place.shape(of: shape)
      }
    }
    return shapes
  }

  /// The weights of an architecture, as float32.
  ///
  /// - Parameter configuration: What described the architecture, for the error.
  /// - Throws: `HoldfastError`; every missing, unexpected and misshapen tensor is named in one.
  func weights(
    _ architecture: CLIPArchitecture, configuration: String
  ) throws(HoldfastError) -> Weights {
    let layout = try architecture.layout()
    try check(layout, configuration)
    // The parts of a fused tensor follow one another.
    var last: (name: String, tensor: Tensor)?
    return try Weights(layout: layout) { (name) throws(HoldfastError) in
      guard let entry = layout[name] else { throw .internalError("no tensor \(name)") }
      let place = TensorPlace(of: name, in: naming)
      let fileName = self.fileName(place.name)
      let whole: Tensor
      if let last, last.name == fileName {
        whole = last.tensor
      } else {
        whole = try file.borrowed(fileName)
        guard whole.dtype?.isFloatingPoint == true else {
          throw .badData(
            "\(file.path): \(fileName) is \(whole.dtype?.rawValue ?? "of an unknown type"), where "
              + "floating-point numbers are expected",
            remedy: "Use weights in float32, float16 or bfloat16.")
        }
        last = (fileName, whole)
      }
      switch place.part {
      case .whole: return try whole.reshaped(entry.shape)
      case .transposed: return try whole.transposed(0, 1)
      case .third(let number):
        let rows = entry.shape.first ?? 0
        return try whole.narrowed(from: number * rows, count: rows)
      }
    }
  }

  /// A soup's classifier: `[classes, width]` and `[classes]`, as float32.
  func head() throws(HoldfastError) -> (weight: Tensor, bias: Tensor)? {
    guard hasHead else { return nil }
    var tensors: [Tensor] = []
    for name in Self.headNames { tensors.append(try file.tensor(parallel + name).to(.float32)) }
    return (tensors[0], tensors[1])
  }
}

// MARK: - Names

extension StateDict {
  private static let sizes = ["input_resolution", "context_length", "vocab_size"]
  private static let headNames = [ClassificationHead.weightName, ClassificationHead.biasName]

  /// What files hold besides parameters: numbers of positions, the causal mask, sizes, counters.
  private static func isIgnored(_ name: Substring) -> Bool {
    ["position_ids", "attn_mask", "num_batches_tracked"].contains { end in
      name == end || name.hasSuffix("." + end)
    } || sizes.contains { name == $0 }
  }

  /// The prefixes that all names have.
  private static func wrapper(
    of names: [some StringProtocol], among prefixes: [String] = ["model."]
  ) -> String {
    var wrapper = ""
    while !names.isEmpty, wrapper.count < 64,
      let next = prefixes.first(where: { next in
        names.allSatisfy { $0.hasPrefix(wrapper + next) }
      })
    { wrapper += next }
    return wrapper
  }

  /// The name in the file, also of what is not there.
  private func fileName(_ name: String) -> String {
    if let known = fileNames[name] { return known }
    let isText = !name.hasPrefix("visual.") && name != "logit_scale"
    return wrapper + (isText ? textWrapper : "") + name
  }

  private func check(_ layout: WeightsLayout, _ configuration: String) throws(HoldfastError) {
    var missing: [String] = []
    var misshapen: [String] = []
    var seen: Set<String> = []
    for entry in layout.entries {
      let place = TensorPlace(of: entry.name, in: naming)
      guard seen.insert(place.name).inserted else { continue }
      let expected = place.shape(of: entry.shape)
      let name = fileName(place.name)
      guard let shape = file.shape(of: name) else {
        missing.append(name)
        continue
      }
      // A single number is stored as [] or [1].
      if shape != expected, !(expected.isEmpty && shape == [1]) {
        misshapen.append("\(name) \(shape) instead of \(expected)")
      }
    }
    let unused = Set(fileNames.filter { !seen.contains($0.key) }.values)
    let extra = file.names.filter(unused.contains)
    let problems = [("missing", missing), ("unexpected", extra), ("misshapen", misshapen)]
      .filter { !$1.isEmpty }.map { "\($0) \(Self.list($1))" }
    guard problems.isEmpty else {
      throw .badData(
        "\(file.path): the tensors do not fit \(configuration): "
          + problems.joined(separator: "; "),
        remedy: "Use the configuration that belongs to these weights.")
    }
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(6).joined(separator: ", ")
    return names.count > 6 ? "\(shown) and \(names.count - 6) more" : shown
  }
}
