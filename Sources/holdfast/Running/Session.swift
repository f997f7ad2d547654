import Basics
import Benchmarks
import FeatureProtection
import Foundation
import Images
import Torch

/// What every command that computes needs: someone to talk to, signals, and a device.
struct Session {
  let terminal: Terminal
  let stop = StopRequest()
  private let signals: Signals

  init(_ talk: TalkOptions) throws {
    try Machine.checkNativeLibrary()
    terminal = Terminal(quiet: talk.quiet, verbose: talk.verbose)
    signals = Signals(stop)
  }

  /// The context of a run; sets the number of threads that libtorch computes with, and whether the
  /// process takes its fast paths.
  ///
  /// - Parameters:
  ///   - device: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.
  ///   - threads: 0 stands for all cores.
  ///   - profiles: Whether the run accounts for its time, from here on.
  ///   - record: Told of every event after it was shown.
  func context(
    device: String, threads: Int, precision: String, exact: Bool, skipBad: Bool,
    profiles: Bool = false, record: @escaping @Sendable (RunEvent) throws -> Void = { _ in }
  ) throws(HoldfastError) -> RunContext {
    guard (0...4096).contains(threads) else {
      throw .usage("--threads is \(threads)", remedy: "Give a number of threads; 0 is all cores.")
    }
    let count = threads == 0 ? ProcessInfo.processInfo.activeProcessorCount : threads
    Machine.threads = count
    FastPaths.areOnByDefault = !exact
    let terminal = terminal
    let ledger = profiles ? TimeLedger() : nil
    return RunContext(
      device: try Self.device(device), precision: precision == "bf16" ? .bfloat16 : .float32,
      loaderThreads: count, skipBad: skipBad, stop: stop, ledger: ledger
    ) { event in
      let note = {
        terminal.show(event)
        try record(event)
      }
      guard let ledger else { return try note() }
      try ledger.measure(.records, note)
    }
  }

  /// The context for commands that have no configuration.
  func context(
    _ machine: MachineOptions, profiles: Bool = false
  ) throws(HoldfastError) -> RunContext {
    try context(
      device: machine.device ?? "auto", threads: machine.threads ?? 0,
      precision: machine.precision?.rawValue ?? "fp32", exact: machine.exact,
      skipBad: machine.skipBad, profiles: profiles)
  }

  /// The evaluation parts of data sets.
  func open(
    _ data: [String], allowMissing: Bool, _ context: RunContext
  ) throws(HoldfastError) -> [Dataset] {
    try context.timing(.reading) { () throws(HoldfastError) in
      var sets: [Dataset] = []
      for text in data {
        let place = try DatasetSpecifier.parse(text)
        sets += try place.open(
          for: .evaluation, allowMissing: allowMissing, progress: preparing(place))
      }
      return sets
    }
  }

  /// Shows how far the rendering of built-in images or the indexing of others is.
  func preparing(_ place: DatasetSpecifier) -> @Sendable (Int, Int) -> Void {
    let terminal = terminal
    return { done, total in
      terminal.show(.progress(place.preparation, done: done, total: total, loss: nil))
    }
  }

  /// Says where the time of a run went, if it was accounted for.
  func say(_ profile: RunProfile?) {
    if let profile { terminal.say("\n" + profile.text) }
  }

  /// Says which images were left out.
  func warn(ofSkipped skipped: [PixelBatch.Skipped]) {
    guard let first = skipped.first else { return }
    terminal.say("warning: \(skipped.count) images were left out, the first: \(first.reason)")
  }

  /// Writes a result to stdout.
  func print(_ text: String) throws {
    terminal.clear()
    try Output.write(text)
  }

  private static func device(_ text: String) throws(HoldfastError) -> Device {
    if text == "auto" { return .automatic }
    guard let device = Device(text) else {
      throw .usage(
        "there is no device \(text)", remedy: "Give auto, cpu, cuda, cuda:<number> or mps.")
    }
    guard device.isAvailable else {
      throw .usage(
        "this libtorch cannot use \(text): it sees \(Machine.cudaDevices) CUDA devices and "
          + "\(Machine.hasMPS ? "an" : "no") Apple GPU",
        remedy: "Give --device cpu, or see 'holdfast doctor'.")
    }
    return device
  }
}
