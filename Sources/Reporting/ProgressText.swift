/// One line of progress, as people know it from tqdm.
///
/// `train:  45%|████▌     | 450/1000 [00:12<00:15, 36.1 step/s, loss=0.123]`
/// A pure function of its fields: whoever owns the terminal decides when and where to draw it.
public struct ProgressText: Hashable, Sendable {
  public var label: String
  public var done: Int
  /// Nil where the end is not known.
  public var total: Int?
  /// Seconds since the start.
  public var elapsed: Double
  /// What is counted, "it" by default.
  public var unit: String
  public var loss: Double?
  /// Further words at the end of the line.
  public var extra: String?

  public init(
    label: String, done: Int, total: Int?, elapsed: Double, unit: String = "it",
    loss: Double? = nil, extra: String? = nil
  ) {
    self.label = label
    self.done = done
    self.total = total
    self.elapsed = elapsed
    self.unit = unit
    self.loss = loss
    self.extra = extra
  }

  /// The line, at most `width` terminal cells wide.
  ///
  /// In a narrow terminal the extra words go first, then the bar, then the times.
  public func text(width: Int) -> String {
    let counts = total.map { "\(done)/\($0)" } ?? "\(done) \(unit)"
    let percent = share.map { share in
      let text = String(Int((100 * share).rounded(.down)))
      return String(repeating: " ", count: max(0, 3 - text.count)) + text + "%"
    }
    let head = label.isEmpty ? "" : label.onOneLine + ": "
    let tail =
      " [\(([times] + [rate, lossText, extra?.onOneLine].compactMap { $0 }).joined(separator: ", "))]"
    let plainTail = " [\(([times] + [rate, lossText].compactMap { $0 }).joined(separator: ", "))]"
    for end in [tail, plainTail] {
      let fixed = head + (percent ?? "") + counts + end
      let room = width - fixed.terminalWidth - 3
      if let percent, let share, room >= 5 {
        return "\(head)\(percent)|\(Self.bar(share, cells: min(room, 40)))| \(counts)\(end)"
      }
      let text = head + (percent.map { $0 + " " } ?? "") + counts + end
      if text.terminalWidth <= width { return text }
    }
    let short = head + (percent.map { $0 + " " } ?? "") + counts
    return Self.cut(short, to: width)
  }

  private var share: Double? {
    guard let total, total > 0 else { return nil }
    return min(max(Double(done) / Double(total), 0), 1)
  }

  private var perSecond: Double? {
    guard done > 0, elapsed > 0, elapsed.isFinite else { return nil }
    return Double(done) / elapsed
  }

  private var times: String {
    guard let total else { return Self.clock(elapsed) }
    let left = perSecond.map { Self.clock(Double(max(0, total - min(done, total))) / $0) }
    return "\(Self.clock(elapsed))<\(left ?? "?")"
  }

  /// Seconds a unit instead of units a second where that reads better.
  private var rate: String {
    guard let perSecond else { return "? \(unit)/s" }
    if perSecond >= 1000 { return "\(NumberText.fixed(perSecond, decimals: 0)) \(unit)/s" }
    if perSecond >= 1 { return "\(NumberText.fixed(perSecond, decimals: 1)) \(unit)/s" }
    return "\(NumberText.fixed(1 / perSecond, decimals: 1)) s/\(unit)"
  }

  private var lossText: String? {
    loss.map { "loss=\(NumberText.fixed($0, decimals: abs($0) < 100 ? 3 : 1))" }
  }

  /// "01:23", or "1:02:03" from an hour on.
  static func clock(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
    let whole = Int(seconds)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
    let end = "\(two(whole / 60 % 60)):\(two(whole % 60))"
    return whole >= 3600 ? "\(whole / 3600):\(end)" : end
  }

  private static func bar(_ share: Double, cells: Int) -> String {
    let eighths = Int((share * Double(cells * 8)).rounded(.down))
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    let text = String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    return text + String(repeating: " ", count: cells - text.count)
  }

  private static func cut(_ text: String, to width: Int) -> String {
    var result = text
    while result.terminalWidth > max(0, width) { result.removeLast() }
    return result
  }
}
