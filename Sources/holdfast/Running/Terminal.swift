import FeatureProtection
import Foundation
import Logging
import Reporting

/// Talks on stderr: stages and warnings as lines, and one progress line at a time.
///
/// On a terminal the progress line is redrawn at most ten times a second; elsewhere a plain line
/// appears every 30 seconds.
final class Terminal: @unchecked Sendable {
  private let lock = NSLock()
  private let isQuiet: Bool
  private let isInteractive: Bool
  private let logger: Logger
  private var isDrawn = false
  private var said: Set<String> = []
  private var label = ""
  private var begun = 0.0
  private var lastDrawn = 0.0

  init(quiet: Bool, verbose: Bool) {
    isQuiet = quiet
    // There are no colours to switch off; a dumb terminal cannot redraw a line.
    let isDumb = ProcessInfo.processInfo.environment["TERM"] == "dumb"
    isInteractive = isatty(STDERR_FILENO) == 1 && !isDumb
    var logger = Logger(label: "holdfast") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = verbose && !quiet ? .debug : .critical
    self.logger = logger
  }

  /// Shows an event as far as a person wants to see it.
  func show(_ event: RunEvent) {
    lock.lock()
    defer { lock.unlock() }
    switch event {
    case .stage(let text):
      line(text)
      label = ""
    case .progress(let text, let done, let total, let loss):
      progress(text, done, total, unit: "image", loss)
    case .step(let step):
      progress("\(step.method), seed \(step.seed)", step.step, step.steps, unit: "step", step.loss)
    // Every method and seed has the same to say.
    case .note(let text):
      if said.insert(text).inserted { line("note: \(text)") }
    case .warning(let text):
      if said.insert(text).inserted { line("warning: \(text)") }
    case .measured(let row):
      debug("\(row.method) \(row.set) \(row.metric) \(row.value)")
    case .observed(let row, let step):
      debug("\(row.method) step \(step) \(row.set) \(row.metric) \(row.value)")
    case .saved(let path):
      debug("saved \(path)")
    }
  }

  /// Says something in a line of its own.
  func say(_ text: String) {
    lock.withLock { line(text) }
  }

  /// Takes the progress line away, before something else is written.
  func clear() {
    lock.withLock { erase() }
  }

  private func line(_ text: String) {
    erase()
    if !isQuiet { write(text + "\n") }
  }

  private func debug(_ text: String) {
    guard logger.logLevel == .debug else { return }
    erase()
    logger.debug("\(text)")
  }

  private func progress(
    _ text: String, _ done: Int, _ total: Int, unit: String, _ loss: Double?
  ) {
    guard !isQuiet else { return }
    let now = ProcessInfo.processInfo.systemUptime
    if text != label {
      label = text
      begun = now
      lastDrawn = isInteractive ? 0 : now
    }
    guard now - lastDrawn >= (isInteractive ? 0.1 : 30) else { return }
    lastDrawn = now
    let progress = ProgressText(
      label: text, done: done, total: total, elapsed: now - begun, unit: unit, loss: loss)
    if isInteractive {
      write("\r\u{1B}[2K" + progress.text(width: width))
      isDrawn = true
    } else {
      write(progress.text(width: 100) + "\n")
    }
  }

  private func erase() {
    guard isDrawn else { return }
    write("\r\u{1B}[2K")
    isDrawn = false
  }

  private var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col) - 1
  }

  /// Nobody who listens is no error here: the results matter, not the talk.
  private func write(_ text: String) {
    _ = text.utf8CString.withUnsafeBytes { bytes in
      Foundation.write(STDERR_FILENO, bytes.baseAddress, bytes.count - 1)
    }
  }
}
