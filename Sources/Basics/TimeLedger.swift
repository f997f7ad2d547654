import Foundation

/// Keeps account of where the time of a run goes.
///
/// At any moment the thread of the run is in exactly one phase, so that the seconds of the phases
/// are disjoint and together the whole: a phase that begins inside another takes its time from it.
/// Other threads add what they work meanwhile, in processor time, which is counted apart.
public final class TimeLedger: @unchecked Sendable {
  /// What the thread of a run is busy with.
  public enum Phase: String, CaseIterable, Sendable {
    /// Models and lists of images are read.
    case reading
    /// Prompts are encoded.
    case text
    /// A training step waits for its images.
    case trainingWait = "training-wait"
    case forward
    case backward
    case optimizer
    /// Evaluation waits for images.
    case evaluationWait = "evaluation-wait"
    /// The forward passes of evaluation.
    case evaluation
    case checkpoints
    /// Events, results and tables are written and shown.
    case records
    /// All that is none of these.
    case other
  }

  /// What went through a model.
  public enum Count: Sendable {
    /// Images of training steps.
    case trained
    /// Images times the models that answered them.
    case scored
  }

  private let lock = NSLock()
  private let clock: @Sendable () -> UInt64
  private let begun: UInt64
  private var phase = Phase.other
  private var since: UInt64
  private var spent: [Phase: UInt64] = [:]
  private var loadingTime: UInt64 = 0
  private var loadedImages = 0
  private var trainedImages = 0
  private var scoredImages = 0

  /// An account that begins now, in the phase `other`.
  ///
  /// - Parameter clock: Nanoseconds that never run backwards.
  public init(clock: @escaping @Sendable () -> UInt64 = { DispatchTime.now().uptimeNanoseconds }) {
    self.clock = clock
    begun = clock()
    since = begun
  }

  /// Runs a body in a phase, and goes back to the phase before.
  ///
  /// For the thread of the run alone.
  public func measure<R, E: Error>(_ phase: Phase, _ body: () throws(E) -> R) throws(E) -> R {
    let before = enter(phase)
    defer { _ = enter(before) }
    return try body()
  }

  /// Counts a part of what a phase took for another: of work that went through both on every thread.
  ///
  /// For the thread of the run, after the phase; no more is moved than the phase has.
  public func move(_ time: Duration, from: Phase, to: Phase) {
    lock.withLock {
      let part = min(UInt64(max(time / .nanoseconds(1), 0)), spent[from] ?? 0)
      spent[from, default: 0] -= part
      spent[to, default: 0] += part
    }
  }

  /// Runs the loading of an image (decoding, cropping, resizing) on any thread, and adds up that
  /// thread's processor time.
  public func measureLoading<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    let start = Self.threadTime
    defer {
      let time = Self.threadTime &- start
      lock.withLock {
        loadingTime += time
        loadedImages += 1
      }
    }
    return try body()
  }

  /// Counts images that went through a model.
  public func add(_ count: Int, _ kind: Count) {
    lock.withLock {
      switch kind {
      case .trained: trainedImages += count
      case .scored: scoredImages += count
      }
    }
  }

  /// The account so far.
  public var profile: RunProfile {
    lock.withLock {
      let now = clock()
      var spent = spent
      spent[phase, default: 0] += now - since
      return RunProfile(
        wall: Self.seconds(now - begun), seconds: spent.mapValues(Self.seconds),
        loadingSeconds: Self.seconds(loadingTime), loadedImages: loadedImages,
        trainedImages: trainedImages, scoredImages: scoredImages)
    }
  }

  /// Begins a phase.
  ///
  /// - Returns: The one that it ends.
  private func enter(_ next: Phase) -> Phase {
    lock.withLock {
      let now = clock()
      spent[phase, default: 0] += now - since
      since = now
      let before = phase
      phase = next
      return before
    }
  }

  private static func seconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) * 1e-9 }

  /// The processor time of the calling thread in nanoseconds.
  private static var threadTime: UInt64 {
    var time = timespec()
    guard clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return 0 }
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
