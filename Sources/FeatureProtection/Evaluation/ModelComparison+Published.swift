import Basics
import Benchmarks
import CLIP

extension ModelComparison {
  /// What others published of a model on a data set.
  public struct Published: Sendable, Hashable {
    /// The model's name in rows.
    public var model: String
    /// The data set's name in rows.
    public var set: String
    public var release: KnownRelease
    /// Zero-shot top-1, a fraction.
    public var value: Double
  }

  /// What was published of these models on these sets, where it is certain to be the same
  /// measurement: the model is a release by the digest of its file, the copy of the data set complete,
  /// the head zero-shot from the 80 prompts and the data's own class names.
  ///
  /// Files of weights are read whole only where a set has such a number.
  public func published(
    on sets: [Dataset], among releases: [KnownRelease] = KnownRelease.all
  ) throws(HoldfastError) -> [Published] {
    guard head == nil, classesFile == nil, prompts == nil || prompts == "openai-80" else {
      return []
    }
    let complete = sets.filter { set in
      set.expectedImages == set.samples.count && set.conditions["missing"] == nil
        && ["val", "test"].contains(set.split)
        && releases.contains { $0.accuracies[set.name] != nil }
    }
    guard !complete.isEmpty else { return [] }
    var found: [Published] = []
    for model in models where model.checkpoint.head == nil {
      let own = try ModelLocation.ownPrompts(of: model.checkpoint)
      guard let location = model.location, prompts != nil || own == nil,
        let release = try KnownRelease.identify(location, model.checkpoint, among: releases)
      else { continue }
      for set in complete {
        guard let value = release.accuracies[set.name] else { continue }
        found.append(Published(model: model.name, set: set.name, release: release, value: value))
      }
    }
    return found
  }
}
