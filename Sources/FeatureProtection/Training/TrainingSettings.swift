import Basics
import Images

/// What every trained method understands.
///
/// The defaults are WiSE-FT's recipe.
/// Source: https://github.com/mlfoundations/wise-ft, with the learning rate and batch size of its
/// README's fine-tuning runs.
public struct TrainingSettings: Sendable, Hashable {
  /// The tower's peak learning rate; the default is 3e-5.
  public var rate = 3e-5
  /// The head's peak learning rate; the default is the tower's.
  public var headRate: Double?
  /// Decoupled weight decay of every trained tensor; the default is 0.1.
  public var weightDecay = 0.1
  /// AdamW's two decay rates; the default is (0.9, 0.999).
  public var betas = (0.9, 0.999)
  /// AdamW's ε; the default is 1e-8.
  public var epsilon = 1e-8
  /// Steps of linear warm-up before the cosine; the default is 500.
  public var warmupSteps = 500
  /// Passes over the training set, used where `steps` is not given; the default is 10.
  public var epochs = 10
  /// Optimiser steps; nil takes `epochs`.
  public var steps: Int?
  /// Images a step; the default is 512.
  public var batchSize = 512
  /// How many images of a step are computed at once; nil, the default, takes the whole batch on a
  /// graphics card, and on a processor parts that keep it busy and memory small (`StepParts`).
  ///
  /// For batches that memory does not hold. The numbers are the same but for rounding.
  public var microBatchSize: Int?
  /// Whether the head moves; the default is `trained`.
  public var headMode = HeadMode.trained
  /// The gradient's greatest norm, 1 by default; nil does not clip.
  public var clipNorm: Double? = 1
  /// d of the running average `d · average + (1 − d) · weights` that is handed back in place of the
  /// last step's weights; nil, the default, hands those back.
  public var averageDecay: Double?
  /// Label smoothing of the cross-entropy; the default is 0.
  public var labelSmoothing = 0.0
  /// Whether each epoch has a random order (a function of seed and epoch) or that of the paths.
  public var isShuffled = true
  /// What happens to a picture before the model sees it; the default is WiSE-FT's crop.
  public var augmentation = Augmentation.randomResizedCrop

  public init() {}

  /// The number of optimiser steps for a training set of `count` images; a last, smaller batch
  /// of an epoch counts as one.
  public func stepCount(images count: Int) -> Int {
    steps ?? epochs * ((count + batchSize - 1) / batchSize)
  }

  public static func == (left: TrainingSettings, right: TrainingSettings) -> Bool {
    left.values == right.values
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(values) }
}

/// What becomes of the head in training.
public enum HeadMode: String, Sendable, Hashable, CaseIterable {
  /// It moves with the tower, as in WiSE-FT.
  case trained
  /// It stays the zero-shot head, so that the tower goes on fitting the text tower and heads for
  /// other classes (Ilharco et al. 2022, "PAINT", arXiv 2208.05592).
  case frozen
}

// MARK: - As configuration

extension TrainingSettings {
  /// The keys of a configuration with these settings' values.
  public var values: [String: JSONValue] {
    [
      "lr": .number(rate),
      "head-lr": headRate.map(JSONValue.number) ?? .null,
      "weight-decay": .number(weightDecay),
      "betas": .array([.number(betas.0), .number(betas.1)]),
      "eps": .number(epsilon),
      "warmup-steps": .integer(warmupSteps),
      "epochs": .integer(epochs),
      "steps": steps.map(JSONValue.integer) ?? .null,
      "batch-size": .integer(batchSize),
      "micro-batch-size": microBatchSize.map(JSONValue.integer) ?? .null,
      "head-mode": .string(headMode.rawValue),
      "clip-norm": clipNorm.map(JSONValue.number) ?? .null,
      "ema": averageDecay.map(JSONValue.number) ?? .null,
      "label-smoothing": .number(labelSmoothing),
      "order": .string(isShuffled ? "shuffled" : "sequential"),
      "augment": .string(augmentation.rawValue),
    ]
  }

  /// The names of the keys.
  public static let keys = TrainingSettings().values.keys.sorted()

  /// Settings from a configuration's values; keys that are missing keep their defaults.
  ///
  /// - Parameter section: The method whose section the values come from, for errors.
  /// - Throws: `HoldfastError` of kind `usage`, naming the key.
  public init(values: [String: JSONValue], section: String? = nil) throws(HoldfastError) {
    self.init()
    let reader = SettingsReader(values: values, prefix: section.map { "\($0)." } ?? "")
    rate = try reader.number("lr", in: 0...1e6) ?? rate
    headRate = try reader.number("head-lr", in: 0...1e6)
    weightDecay = try reader.number("weight-decay", in: 0...1e6) ?? weightDecay
    if let pair = values["betas"], pair != .null {
      let numbers = (pair.array ?? []).compactMap(\.double)
      guard numbers.count == 2, numbers.allSatisfy({ (0..<1).contains($0) }) else {
        throw reader.wrong("betas", "two numbers from 0 up to 1, such as [0.9, 0.999]")
      }
      betas = (numbers[0], numbers[1])
    }
    epsilon = try reader.number("eps", in: 0...1) ?? epsilon
    warmupSteps = try reader.count("warmup-steps", from: 0) ?? warmupSteps
    epochs = try reader.count("epochs", from: 1) ?? epochs
    steps = try reader.count("steps", from: 0)
    batchSize = try reader.count("batch-size", from: 1) ?? batchSize
    microBatchSize = try reader.count("micro-batch-size", from: 1)
    let modes = HeadMode.allCases.map(\.rawValue)
    headMode = try reader.word("head-mode", among: modes).flatMap(HeadMode.init) ?? headMode
    if values["clip-norm"] == .null {
      clipNorm = nil
    } else {
      clipNorm = try reader.number("clip-norm", in: 0...1e12) ?? clipNorm
    }
    averageDecay = try reader.number("ema", in: 0...1)
    labelSmoothing = try reader.number("label-smoothing", in: 0...1) ?? labelSmoothing
    isShuffled = try reader.word("order", among: ["shuffled", "sequential"]) != "sequential"
    let augmentations = Augmentation.allCases.map(\.rawValue)
    if let name = try reader.word("augment", among: augmentations) {
      augmentation = Augmentation(rawValue: name) ?? augmentation
    }
  }
}

/// Reads configuration values with their types and limits; null and missing read as nil.
struct SettingsReader {
  let values: [String: JSONValue]
  /// What stands before a key in an error, `kd.` for example.
  var prefix = ""

  func number(
    _ key: String, in range: ClosedRange<Double>
  ) throws(HoldfastError) -> Double? {
    guard let value = values[key], value != .null else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw wrong(key, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func count(_ key: String, from least: Int) throws(HoldfastError) -> Int? {
    guard let value = values[key], value != .null else { return nil }
    guard let number = value.int, number >= least, number <= 1_000_000_000 else {
      throw wrong(key, "a whole number of at least \(least)")
    }
    return number
  }

  func word(_ key: String, among known: [String]) throws(HoldfastError) -> String? {
    guard let value = values[key], value != .null else { return nil }
    guard let word = value.string, known.contains(word) else {
      throw wrong(key, "one of \(known.joined(separator: ", "))")
    }
    return word
  }

  /// Checks that a value, where there is one, is a text.
  func checkText(_ key: String) throws(HoldfastError) {
    guard let value = values[key], value != .null else { return }
    guard value.string != nil else { throw wrong(key, "a text") }
  }

  /// Checks that a value, where there is one, is a list of texts without repetition.
  func checkTexts(_ key: String) throws(HoldfastError) {
    guard let value = values[key], value != .null else { return }
    let texts = (value.array ?? []).compactMap(\.string)
    guard texts.count == value.array?.count, Set(texts).count == texts.count else {
      throw wrong(key, "a list of texts, each of them once")
    }
  }

  /// Checks that a value, where there is one, is true or false.
  func checkFlag(_ key: String) throws(HoldfastError) {
    guard let value = values[key], value != .null else { return }
    guard value.bool != nil else { throw wrong(key, "true or false") }
  }

  func wrong(_ key: String, _ expected: String) -> HoldfastError {
    .usage("\(prefix)\(key) is \(values[key]?.text() ?? "missing")", remedy: "Give \(expected).")
  }
}
