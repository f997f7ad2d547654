import Basics
import Benchmarks
import CLIP

/// Readable class names from a file in place of those that the data brings.
struct ClassNaming {
  private let original: [String]
  private let given: [String]
  /// All names of a file that holds every class of the data by its own name, in the file's order;
  /// nil where the file gives new names, or there is none.
  let headClasses: [String]?

  /// - Parameters:
  ///   - file: One name a line: either a list that holds every name of the data, or new names in
  ///     the order of the data's classes; nil keeps the data's names.
  /// - Throws: `HoldfastError` of kind `badData` where it is neither.
  init(_ file: String?, original: [String]) throws(HoldfastError) {
    self.original = original
    guard let file else {
      given = original
      headClasses = nil
      return
    }
    let names = try ClassNames(file: file).names
    if Set(names).isSuperset(of: original) {
      given = original
      headClasses = names
      return
    }
    given = names
    headClasses = nil
    guard given.count == original.count else {
      throw .badData(
        "\(file): \(given.count) class names, the data set has \(original.count) classes",
        remedy: "Give one name a line, in the order of the data set's classes.")
    }
  }

  /// The data set with the given names.
  ///
  /// They are matched by position where the classes of its head are the original ones, else by name;
  /// a name that two classes share says nothing about which of them is meant and stays.
  func applied(to dataset: Dataset) -> Dataset {
    var result = dataset
    if dataset.headClasses == original {
      result.headClasses = given
      return result
    }
    let names = Dictionary(zip(original, given.map { [$0] }), uniquingKeysWith: +)
    result.headClasses = dataset.headClasses.map { name in
      names[name].flatMap { $0.count == 1 ? $0[0] : nil } ?? name
    }
    return result
  }
}

extension ClassNaming {
  /// A data set to be scored, with the classes that it is scored among.
  ///
  /// - Parameter headClasses: Those of a head that is there already; nil where one will be made, for the
  ///   classes of the file or the data.
  func target(
    _ dataset: Dataset, role: ResultRow.Role, headClasses known: [String]?,
    metrics: [DatasetMetric]?
  ) throws(HoldfastError) -> (set: EvaluationSet, classes: [String]) {
    let named = applied(to: dataset)
    let classes = known ?? headClasses ?? named.headClasses
    return (try EvaluationSet(named, role: role, classes: classes, metrics: metrics), classes)
  }
}

extension Dataset {
  /// Splits off a part of every class for validation, by a fixed draw.
  ///
  /// - Parameter fraction: Of each class, rounded down; the draw does not depend on a run's seed,
  ///   so that every method and seed sees the same two parts.
  func holdingOut(_ fraction: Double) -> (rest: Dataset, heldOut: Dataset) {
    var positions: [Int: [Int]] = [:]
    for (position, sample) in samples.enumerated() {
      positions[sample.label, default: []].append(position)
    }
    var chosen: Set<Int> = []
    for (label, members) in positions {
      var random = CounterRandom(0x5EED, label)
      let order = random.permutation(members.count)
      chosen.formUnion(order.prefix(Int(Double(members.count) * fraction)).map { members[$0] })
    }
    var rest = self
    var heldOut = self
    rest.samples = samples.indices.filter { !chosen.contains($0) }.map { samples[$0] }
    heldOut.samples = samples.indices.filter(chosen.contains).map { samples[$0] }
    heldOut.split = "held-out"
    return (rest, heldOut)
  }
}
