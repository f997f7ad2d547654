import Dispatch
import FeatureProtection
import Foundation

/// Turns Ctrl-C and SIGTERM into a wish to stop; the second one ends the program at once.
final class Signals {
  private var sources: [any DispatchSourceSignal] = []

  init(_ stop: StopRequest) {
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if stop.requestedSignal != nil { _exit(128 + number) }
        stop.request(signal: number)
      }
      source.resume()
      sources.append(source)
    }
  }
}
