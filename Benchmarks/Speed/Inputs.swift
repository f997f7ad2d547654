import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import Images
import Torch

/// What a worker measures with: its settings, and the files of the shared work folder.
///
/// Both sides read the same settings, so that they cannot differ in a batch size or a rate.
struct Inputs {
  let folder: String
  private let name: String
  private let settings: JSONValue

  init(name: String, folder: String) throws {
    let path = "\(folder)/settings.json"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw HoldfastError.missingInput(
        "\(path): no such file", remedy: "Run Benchmarks/run.py, which writes it.")
    }
    guard let settings = try JSONValue.parse(data, source: path)[name] else {
      throw HoldfastError.usage("\(path) has no \(name)", remedy: "Name one of its keys.")
    }
    self.name = name
    self.folder = folder
    self.settings = settings
  }

  func text(_ key: String) throws -> String {
    guard let value = settings[key]?.string else { throw missing(key) }
    return value
  }

  func count(_ key: String) throws -> Int {
    guard let value = settings[key]?.int else { throw missing(key) }
    return value
  }

  func number(_ key: String) throws -> Double {
    guard let value = settings[key]?.double else { throw missing(key) }
    return value
  }

  func texts(_ key: String) throws -> [String] {
    guard let values = settings[key]?.array else { throw missing(key) }
    return values.compactMap(\.string)
  }

  /// The model that a key names, with the head that belongs to it.
  func checkpoint(_ key: String = "model") throws -> Checkpoint {
    let name = try text(key)
    var checkpoint = try Checkpoint.read("\(folder)/models/\(name)")
    checkpoint.head = try ClassificationHead.read("\(folder)/heads/\(name).safetensors")
    return checkpoint
  }

  /// The vision tower of the model under its head; the text tower is let go.
  func classifier() throws -> ImageClassifier {
    let checkpoint = try checkpoint()
    guard let head = checkpoint.head else { throw missing("head") }
    return try ImageClassifier(checkpoint, head: head)
  }

  /// A folder of images, its labels those of its class folders.
  func dataset(_ path: String) throws -> Dataset {
    let specifier = DatasetSpecifier(kind: "folder", path: "\(folder)/images/\(path)")
    guard let dataset = try specifier.open(for: .evaluation).first else { throw missing(path) }
    return dataset
  }

  /// All images of the settings' folder, decoded and normalised: `[count, 3, size, size]`.
  func pixels(_ preprocessing: Preprocessing) throws -> Tensor {
    let dataset = try dataset(text("images"))
    let loader = ImageLoader(
      items: dataset.samples.map { dataset.item(of: $0) }, preprocessing: preprocessing,
      batchSize: dataset.samples.count)
    guard let batch = try loader.next() else { throw missing("images") }
    return try PixelNormalizer(preprocessing, device: .cpu)(batch)
  }

  /// As many threads decode as libtorch computes with.
  var context: RunContext { RunContext(loaderThreads: Machine.threads) }

  private func missing(_ key: String) -> HoldfastError {
    .usage("settings of \(name) lack \(key)", remedy: "Give it in Benchmarks/settings.py.")
  }
}
