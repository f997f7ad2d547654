import Basics
import Reporting
import Testing

/// A run's account of time as people read it.
@Suite struct RunProfileTests {
  private let profile = RunProfile(
    wall: 8, seconds: [.forward: 2, .backward: 5, .trainingWait: 0.008, .other: 0.992],
    loadingSeconds: 0.5, loadedImages: 250, trainedImages: 7008, scoredImages: 0)

  @Test func theTableHasThePhasesThatTookTimeAndTheirSum() {
    let table = profile.table
    #expect(
      table.rows.map { $0.map(\.text) } == [
        ["training: waiting for images", "0.01", "0.1"], ["training: forward", "2.00", "25.0"],
        ["training: backward", "5.00", "62.5"], ["other", "0.99", "12.4"],
        ["all", "8.00", "100.0"],
      ])
    let seconds = table.rows.map { $0[1].number ?? 0 }
    #expect(abs(seconds.dropLast().reduce(0, +) - (seconds.last ?? -1)) < 1e-12)
  }

  @Test func ratesAndTheSentenceFollow() {
    let lines = profile.text.split(separator: "\n").map(String.init)
    #expect(lines.contains("Training: 1000 images/s."))
    #expect(!profile.text.contains("Evaluation:"))
    #expect(
      lines.contains(
        "Loading, in other threads: 250 images, 0.50 s of processor time, 2.00 ms each."))
    #expect(lines.last == profile.bound)
  }

  @Test func everyPhaseHasATitleOfItsOwn() {
    let all = Dictionary(uniqueKeysWithValues: TimeLedger.Phase.allCases.map { ($0, 1.0) })
    let titles = RunProfile(wall: Double(all.count), seconds: all).table.rows.map { $0[0].text }
    #expect(Set(titles).count == all.count + 1)
  }
}
