import Basics
import Foundation
import Torch

/// What a run is given from outside: where to compute, whom to tell, and when to stop.
public struct RunContext: Sendable {
  public var device: Device
  /// The type of matrix products; float32 unless `--precision bf16`.
  public var precision: DType
  /// The threads that decode images.
  public var loaderThreads: Int
  /// Leave out images that do not decode, and count them, instead of stopping.
  public var skipBad: Bool
  public var stop: StopRequest
  /// Where the time goes, if anybody asks.
  public var ledger: TimeLedger?
  /// Told of everything that happens, on the thread of the run.
  public var report: @Sendable (RunEvent) throws -> Void

  public init(
    device: Device = .cpu, precision: DType = .float32,
    loaderThreads: Int = ProcessInfo.processInfo.activeProcessorCount, skipBad: Bool = false,
    stop: StopRequest = StopRequest(), ledger: TimeLedger? = nil,
    report: @escaping @Sendable (RunEvent) throws -> Void = { _ in }
  ) {
    self.device = device
    self.precision = precision
    self.loaderThreads = loaderThreads
    self.skipBad = skipBad
    self.stop = stop
    self.ledger = ledger
    self.report = report
  }

  /// The threads that each take batches, or parts of one, of their own; 1 where all share every operator.
  ///
  /// A large model keeps all threads busy, and its scratch memory would be needed once for each.
  func threadsOfOwn(parameters count: Int) -> Int {
    let most = 4_000_000
    guard count <= most, device == .cpu, precision == .float32, FastPaths.areOn else { return 1 }
    return Machine.threads
  }

  /// Runs a body in a phase of the run's account, if there is one.
  public func timing<R, E: Error>(
    _ phase: TimeLedger.Phase, _ body: () throws(E) -> R
  ) throws(E) -> R {
    guard let ledger else { return try body() }
    return try ledger.measure(phase, body)
  }

  /// Runs a part of a forward pass of evaluation: without gradients, in the run's precision.
  func evaluating<R>(
    _ body: () throws(HoldfastError) -> R
  ) throws(HoldfastError) -> R {
    try timing(.evaluation) { () throws(HoldfastError) in try inferring(body) }
  }

  /// The same on any thread, outside of the run's account.
  func inferring<R>(
    _ body: () throws(HoldfastError) -> R
  ) throws(HoldfastError) -> R {
    try withoutGradients { () throws(HoldfastError) in
      try withPrecision(precision, on: device, body)
    }
  }
}

/// A wish to stop, which a signal handler or another thread may state at any time.
public final class StopRequest: @unchecked Sendable {
  private let lock = NSLock()
  private var signal: Int32?

  public init() {}

  /// States the wish.
  ///
  /// - Parameter signal: SIGINT or SIGTERM, which decides the exit code.
  public func request(signal: Int32) {
    lock.withLock { self.signal = self.signal ?? signal }
  }

  /// The signal of the first request, or nil.
  public var requestedSignal: Int32? { lock.withLock { signal } }

  /// Throws where a stop was requested; called between steps and batches.
  public func check() throws(HoldfastError) {
    guard let signal = requestedSignal else { return }
    throw HoldfastError(
      signal == SIGTERM ? .terminated : .interrupted, "stopped by a signal",
      remedy: "Nothing of this was saved; start it again when it suits you.")
  }
}
