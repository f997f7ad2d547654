import Reporting
import Testing

@Suite struct ProgressTextTests {
  private let half = ProgressText(
    label: "train", done: 450, total: 1000, elapsed: 12.5, unit: "step", loss: 0.1234,
    extra: "lr=1e-05")

  @Test func aWideTerminalShowsEverything() {
    #expect(
      half.text(width: 100)
        == "train:  45%|█████████████                | 450/1000 "
        + "[00:12<00:15, 36.0 step/s, loss=0.123, lr=1e-05]")
  }

  @Test(arguments: 1...120)
  func noLineIsWiderThanTheTerminal(width: Int) {
    #expect(half.text(width: width).count <= width)
  }

  @Test func narrowTerminalsLoseTheLeastImportantFirst() {
    #expect(half.text(width: 72).contains("lr=1e-05"))
    #expect(half.text(width: 60) == "train:  45% 450/1000 [00:12<00:15, 36.0 step/s, loss=0.123]")
    #expect(half.text(width: 24) == "train:  45% 450/1000")
    #expect(half.text(width: 10) == "train:  45")
    #expect(half.text(width: 0) == "")
    #expect(half.text(width: -3) == "")
  }

  @Test(arguments: [
    (ProgressText(label: "", done: 0, total: 10, elapsed: 0), "0/10 [00:00<?, ? it/s]"),
    (
      ProgressText(label: "", done: 10, total: 10, elapsed: 3725),
      "10/10 [1:02:05<00:00, 372.5 s/it]"
    ),
    (ProgressText(label: "eval", done: 7, total: nil, elapsed: 2), "eval: 7 it [00:02, 3.5 it/s]"),
    (
      ProgressText(label: "", done: 20, total: 10, elapsed: 0.001),
      "20/10 [00:00<00:00, 20000 it/s]"
    ),
    (ProgressText(label: "", done: 1, total: 2, elapsed: .infinity), "1/2 [?<?, ? it/s]"),
    (
      ProgressText(label: "", done: 1, total: 0, elapsed: 1, loss: .nan),
      "1/0 [00:01<00:00, 1.0 it/s, loss=nan]"
    ),
  ])
  func unusualNumbers(progress: ProgressText, end: String) {
    let text = progress.text(width: 80)
    #expect(text.hasSuffix(end), "\(text)")
  }

  @Test func aFullBarIsFull() {
    let text = ProgressText(label: "", done: 5, total: 5, elapsed: 1).text(width: 50)
    #expect(text.hasPrefix("100%|████"))
    #expect(!text.contains("█ "))
    #expect(text.count == 50)
  }
}
