import Basics
import Foundation
import TestSupport
import Testing

/// The account of a run's time: phases are disjoint and add up, and say what bound the run.
@Suite struct TimeLedgerTests {
  /// A clock that is moved by hand, in seconds.
  private final class Clock: @unchecked Sendable {
    private let lock = NSLock()
    private var time: UInt64 = 1_000

    func advance(_ seconds: Double) { lock.withLock { time += UInt64(seconds * 1e9) } }
    var now: UInt64 { lock.withLock { time } }
  }

  private func ledger() -> (TimeLedger, Clock) {
    let clock = Clock()
    return (TimeLedger { clock.now }, clock)
  }

  @Test func anInnerPhaseTakesItsTimeFromTheOuterOne() {
    let (ledger, clock) = ledger()
    clock.advance(1)
    ledger.measure(.forward) {
      clock.advance(2)
      ledger.measure(.trainingWait) { clock.advance(4) }
      clock.advance(8)
      // The same phase within itself is one phase.
      ledger.measure(.forward) { clock.advance(16) }
    }
    ledger.measure(.backward) { clock.advance(32) }
    clock.advance(64)
    let profile = ledger.profile
    expectClose(profile[.other], 65, relative: 1e-12)
    expectClose(profile[.forward], 26, relative: 1e-12)
    expectClose(profile[.trainingWait], 4, relative: 1e-12)
    expectClose(profile[.backward], 32, relative: 1e-12)
    #expect(profile[.evaluation] == 0)
    expectClose(profile.wall, 127, relative: 1e-12)
    expectClose(profile.share(.trainingWait, .backward), 36 / 127, relative: 1e-12)
  }

  @Test func aPartOfAPhaseCanBeAnothers() {
    let (ledger, clock) = ledger()
    ledger.measure(.backward) { clock.advance(5) }
    ledger.move(.seconds(2), from: .backward, to: .forward)
    #expect(ledger.profile[.backward] == 3 && ledger.profile[.forward] == 2)
    // Never more than there is, nor less than nothing.
    ledger.move(.seconds(9), from: .backward, to: .forward)
    ledger.move(.seconds(-1), from: .forward, to: .backward)
    #expect(ledger.profile[.backward] == 0 && ledger.profile[.forward] == 5)
    #expect(ledger.profile.wall == 5)
  }

  @Test func aPhaseUnderWayCountsUpToNow() {
    let (ledger, clock) = ledger()
    ledger.measure(.text) {
      clock.advance(3)
      #expect(ledger.profile[.text] == 3 && ledger.profile.wall == 3)
      clock.advance(1)
    }
    #expect(ledger.profile[.text] == 4 && ledger.profile[.other] == 0)
  }

  /// Whatever happens inside whatever, the phases are the whole.
  @Test func phasesAddUpToTheWallTime() {
    let (ledger, clock) = ledger()
    var random = CounterRandom(5)
    func nest(_ depth: Int) {
      for _ in 0..<1 + random.below(4) {
        clock.advance(random.uniform())
        guard depth > 0 else { continue }
        let phases = TimeLedger.Phase.allCases
        let phase = phases[random.below(phases.count)]
        ledger.measure(phase) { nest(depth - 1) }
      }
    }
    nest(5)
    let profile = ledger.profile
    #expect(profile.wall > 10 && profile.seconds.values.allSatisfy { $0 >= 0 })
    expectClose(profile.seconds.values.reduce(0, +), profile.wall, relative: 1e-12)
  }

  @Test func aPhaseEndsWithItsError() {
    let (ledger, clock) = ledger()
    expectProblem(.badData, containing: "broken") {
      try ledger.measure(.reading) { () throws(HoldfastError) in
        clock.advance(2)
        throw HoldfastError.badData("broken", remedy: "None.")
      }
    }
    clock.advance(1)
    #expect(ledger.profile[.reading] == 2 && ledger.profile[.other] == 1)
  }

  /// Readings of the same clock around the account bound it, however long the machine takes
  /// between two lines.
  @Test func theRealClockAddsUpToo() {
    let now = { DispatchTime.now().uptimeNanoseconds }
    let seconds = { (nanoseconds: UInt64) in Double(nanoseconds) * 1e-9 }
    var slept: UInt64 = 0
    let before = now()
    let ledger = TimeLedger()
    let after = now()
    ledger.measure(.evaluation) {
      let start = now()
      Thread.sleep(forTimeInterval: 0.02)
      slept = now() - start
    }
    let least = now() - after
    let profile = ledger.profile
    let most = now() - before
    #expect(slept > 0 && profile[.evaluation] >= seconds(slept))
    #expect(profile.wall >= seconds(least) && profile.wall <= seconds(most))
    expectClose(profile.seconds.values.reduce(0, +), profile.wall, relative: 1e-9)
  }

  /// Loading is processor time of any thread: it sleeps for nothing, and belongs to no phase.
  @Test func loadingIsCountedBesideThePhases() {
    let ledger = TimeLedger()
    let threads = (0..<3).map { _ in
      let done = DispatchSemaphore(value: 0)
      Thread {
        for _ in 0..<4 {
          ledger.measureLoading {
            Thread.sleep(forTimeInterval: 0.005)
            var sum = 0.0
            for step in 0..<200_000 { sum += Double(step).squareRoot() }
            #expect(sum > 0)
          }
        }
        done.signal()
      }.start()
      return done
    }
    for done in threads { done.wait() }
    ledger.add(7, .trained)
    ledger.add(5, .scored)
    ledger.add(5, .scored)
    let profile = ledger.profile
    #expect(profile.loadedImages == 12 && profile.trainedImages == 7 && profile.scoredImages == 10)
    #expect(profile.loadingSeconds > 0 && profile.seconds.keys.allSatisfy { $0 == .other })
    expectClose(profile[.other], profile.wall, relative: 1e-12)
  }

  @Test func ratesIncludeTheWaiting() {
    let profile = RunProfile(
      wall: 20,
      seconds: [
        .trainingWait: 1, .forward: 3, .backward: 5, .optimizer: 1, .evaluationWait: 2,
        .evaluation: 6, .other: 2,
      ], trainedImages: 500, scoredImages: 400)
    #expect(profile.trainingRate == 50 && profile.evaluationRate == 50)
    let idle = RunProfile(wall: 1, seconds: [.other: 1])
    #expect(idle.trainingRate == nil && idle.evaluationRate == nil)
    #expect(RunProfile(wall: 0, seconds: [:]).share(.forward) == 0)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var seconds: [TimeLedger.Phase: Double]
    var loading = 0.0
    var images = 0
    var words: [String]
    var testDescription: String { words.joined(separator: ", ") }
  }

  static let cases = [
    Case(
      seconds: [.backward: 6, .forward: 3, .trainingWait: 0.4, .other: 0.6], loading: 1, images: 9,
      words: ["the backward pass", "60 %", "the loader kept up (0.4 s waiting)"]),
    Case(
      seconds: [.backward: 6, .trainingWait: 4], loading: 4, images: 9,
      words: ["the backward pass", "another 40 %", "waiting for images"]),
    Case(
      seconds: [.backward: 2, .trainingWait: 6, .forward: 2], loading: 9, images: 9,
      words: ["decoding", "60 %", "--threads", "smaller pictures"]),
    Case(
      seconds: [.evaluation: 2, .evaluationWait: 8], loading: 9, images: 9,
      words: ["decoding", "80 %", "--threads", "pixel store"]),
    Case(
      seconds: [.evaluation: 2, .evaluationWait: 8], loading: 0.5, images: 9,
      words: ["reading files", "80 %"]),
    Case(
      seconds: [.evaluation: 9, .other: 1], words: ["passes of evaluation", "90 % of the time."]),
    Case(seconds: [.text: 2, .reading: 1], words: ["encoding prompts"]),
    Case(seconds: [.text: 1, .reading: 2], words: ["reading models"]),
    Case(seconds: [.optimizer: 2, .forward: 1], words: ["the optimiser"]),
    Case(seconds: [.checkpoints: 2, .forward: 1], words: ["writing checkpoints"]),
    Case(seconds: [.records: 2, .forward: 1], words: ["writing events"]),
    Case(seconds: [.other: 2, .forward: 1], words: ["no row of its own"]),
    Case(seconds: [.forward: 2, .other: 1], words: ["forward pass of training"]),
    Case(seconds: [:], words: ["Nothing"]),
  ]

  @Test(arguments: cases) func oneSentenceSaysWhatBoundIt(_ this: Case) throws {
    let profile = RunProfile(
      wall: this.seconds.values.reduce(0, +), seconds: this.seconds, loadingSeconds: this.loading,
      loadedImages: this.images)
    for word in this.words { #expect(profile.bound.contains(word), "\(profile.bound)") }
    #expect(profile.bound.hasSuffix("."))
    #expect(profile.json["bound"] == .string(profile.bound))
    #expect(profile.json["event"] == .string("profile"))
    let seconds = try #require(profile.json["seconds"]?.object)
    #expect(Set(seconds.keys) == Set(TimeLedger.Phase.allCases.map(\.rawValue)))
    expectClose(
      seconds.values.compactMap(\.double).reduce(0, +), profile.json["wall"]?.double ?? -1,
      relative: 1e-12, absolute: 1e-12)
  }
}
