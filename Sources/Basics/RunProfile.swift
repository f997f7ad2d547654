import Foundation

/// Where the time of a run went, as a `TimeLedger` kept it.
public struct RunProfile: Hashable, Sendable {
  /// From the beginning to now.
  public var wall: Double
  /// Seconds of each phase; together they are `wall`.
  public var seconds: [TimeLedger.Phase: Double]
  /// Processor time of the threads that decode and resize, which work beside the phases.
  public var loadingSeconds: Double
  public var loadedImages: Int
  /// Images of training steps.
  public var trainedImages: Int
  /// Images times the models that answered them.
  public var scoredImages: Int

  public init(
    wall: Double, seconds: [TimeLedger.Phase: Double], loadingSeconds: Double = 0,
    loadedImages: Int = 0, trainedImages: Int = 0, scoredImages: Int = 0
  ) {
    self.wall = wall
    self.seconds = seconds
    self.loadingSeconds = loadingSeconds
    self.loadedImages = loadedImages
    self.trainedImages = trainedImages
    self.scoredImages = scoredImages
  }

  /// The seconds of a phase; 0 where it never was.
  public subscript(phase: TimeLedger.Phase) -> Double { seconds[phase] ?? 0 }

  /// The part of the wall time that some phases took.
  public func share(_ phases: TimeLedger.Phase...) -> Double {
    wall > 0 ? phases.reduce(0) { $0 + self[$1] } / wall : 0
  }

  /// Images a second of training, waiting included; nil where nothing was trained.
  public var trainingRate: Double? {
    rate(trainedImages, [.trainingWait, .forward, .backward, .optimizer])
  }

  /// Images a second of evaluation, waiting included, times models; nil where nothing was scored.
  public var evaluationRate: Double? {
    rate(scoredImages, [.evaluationWait, .evaluation])
  }

  private func rate(_ images: Int, _ phases: [TimeLedger.Phase]) -> Double? {
    let seconds = phases.reduce(0) { $0 + self[$1] }
    return images > 0 && seconds > 0 ? Double(images) / seconds : nil
  }

  /// What bound the run, in one sentence: the phase that took most of the time.
  public var bound: String {
    let waiting = self[.trainingWait] + self[.evaluationWait]
    let computing = TimeLedger.Phase.allCases.filter {
      $0 != .trainingWait && $0 != .evaluationWait
    }
    guard wall > 0, let largest = computing.max(by: { self[$0] < self[$1] }) else {
      return "Nothing was done."
    }
    if waiting >= self[largest] { return boundByImages(waiting) }
    let share = Self.perCent(self[largest] / wall)
    let loader =
      loadedImages == 0
      ? ""
      : waiting < 0.1 * wall
        ? String(format: "; the loader kept up (%.1f s waiting)", waiting)
        : "; another \(Self.perCent(waiting / wall)) went by waiting for images"
    return "Bound by \(Self.words(largest)): \(share) of the time\(loader)."
  }

  private func boundByImages(_ waiting: Double) -> String {
    let start = "the model waited for images \(Self.perCent(waiting / wall)) of the time"
    guard loadingSeconds >= waiting / 2 else {
      return "Bound by reading files: \(start), and decoding them took little of it; "
        + "a faster disk, or a second run from the system's cache, helps."
    }
    return self[.trainingWait] >= self[.evaluationWait]
      ? "Bound by decoding: \(start); more --threads, or smaller pictures, help."
      : "Bound by decoding: \(start); more --threads help, or a pixel store with room for the sets."
  }

  private static func words(_ phase: TimeLedger.Phase) -> String {
    switch phase {
    case .reading: "reading models and lists of images"
    case .text: "encoding prompts"
    case .trainingWait, .evaluationWait: "waiting for images"
    case .forward: "the forward pass of training"
    case .backward: "the backward pass"
    case .optimizer: "the optimiser"
    case .evaluation: "the forward passes of evaluation"
    case .checkpoints: "writing checkpoints"
    case .records: "writing events and results"
    case .other: "what has no row of its own"
    }
  }

  private static func perCent(_ share: Double) -> String { String(format: "%.0f %%", 100 * share) }

  /// As a line of `metrics.jsonl`: seconds of each phase, of which the sum is `wall`, and what went
  /// on beside them.
  public var json: JSONValue {
    let phases = TimeLedger.Phase.allCases.map { ($0.rawValue, JSONValue.number(self[$0])) }
    return .object([
      "event": .string("profile"), "wall": .number(wall),
      "seconds": .object(Dictionary(uniqueKeysWithValues: phases)),
      "loading": .object([
        "processor_seconds": .number(loadingSeconds), "images": .integer(loadedImages),
      ]),
      "trained": .integer(trainedImages), "scored": .integer(scoredImages),
      "bound": .string(bound),
    ])
  }
}
