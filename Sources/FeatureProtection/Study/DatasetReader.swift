import Basics
import Benchmarks

/// Opens the data sets that a configuration names, and tells how far that is.
struct DatasetReader {
  private let allowsMissing: Bool
  private let context: RunContext

  /// - Parameter allowsMissing: Whether copies that lack images are used all the same.
  init(allowsMissing: Bool, _ context: RunContext) {
    self.allowsMissing = allowsMissing
    self.context = context
  }

  /// All data sets of a name.
  func all(_ text: String, for purpose: DatasetPurpose) throws(HoldfastError) -> [Dataset] {
    try open(DatasetSpecifier.parse(text), for: purpose)
  }

  /// The one data set of a name, opened for the first of the purposes that it serves.
  func single(
    _ text: String, for purposes: DatasetPurpose...
  ) throws(HoldfastError) -> Dataset {
    let specifier = try DatasetSpecifier.parse(text)
    var found: [Dataset] = []
    for purpose in purposes where found.isEmpty { found = try open(specifier, for: purpose) }
    guard found.count == 1 else {
      throw .usage(
        "\(text) is \(found.count) data sets where one is needed",
        remedy: "Name one of them, such as \(found.first?.name ?? "folder").")
    }
    return found[0]
  }

  /// The validation split beside the images to train on, or nil.
  func ownValidation(of source: String) throws(HoldfastError) -> Dataset? {
    var specifier = try DatasetSpecifier.parse(source)
    // Whoever trains on another split than "train" may be training on that very split.
    guard specifier.split == nil || specifier.split == "train" else { return nil }
    specifier.split = nil
    return try open(specifier, for: .validation).first
  }

  private func open(
    _ specifier: DatasetSpecifier, for purpose: DatasetPurpose
  ) throws(HoldfastError) -> [Dataset] {
    try context.timing(.reading) { () throws(HoldfastError) in
      try specifier.open(for: purpose, allowMissing: allowsMissing) { done, total in
        try? context.report(
          .progress("Preparing the images", done: done, total: total, loss: nil))
      }
    }
  }
}
