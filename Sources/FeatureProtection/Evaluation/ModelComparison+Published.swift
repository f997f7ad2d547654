import Basics
import Benchmarks
import CLIP

extension ModelComparison {
  /// What was published of these models on these sets, where it is certain to be the same
  /// measurement: the model is a release by the digest of its file, the copy of the data set complete,
  /// the head zero-shot from the 80 prompts and the data's own class names.
  ///
  /// Files of weights are read whole only where a set has such a number.
  public func published(
    on sets: [Dataset], among releases: [KnownRelease] = KnownRelease.all
  ) throws(HoldfastError) -> [PublishedNumber] {
    guard head == nil, classesFile == nil, prompts == nil || prompts == "openai-80" else {
      return []
    }
    let complete = sets.filter { set in
      set.expectedImages == set.samples.count && set.conditions["missing"] == nil
        && ["val", "test"].contains(set.split)
        && releases.contains { $0.accuracies[set.name] != nil }
    }
    guard !complete.isEmpty else { return [] }
    var found: [PublishedNumber] = []
    for model in models where model.checkpoint.head == nil {
      let own = try ModelLocation.ownPrompts(of: model.checkpoint)
      guard let location = model.location, prompts != nil || own == nil,
        let release = try KnownRelease.identify(location, model.checkpoint, among: releases)
      else { continue }
      for set in complete {
        guard let value = release.accuracies[set.name] else { continue }
        found.append(
          PublishedNumber(
            model: model.name, set: set.name, metric: DatasetMetric.top1.rawValue, value: value,
            release: release.name, source: KnownRelease.source))
      }
    }
    return found
  }
}
