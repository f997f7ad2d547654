import Basics
import Benchmarks

extension Predictions {
  /// A number with what a row of results says about it.
  public struct Measurement: Sendable, Hashable {
    public var value: Double
    /// How many images it is of.
    public var count: Int
    /// The 95 % interval over images, low and high.
    public var interval: [Double]
    /// The group of images it is of, for `worst-group`.
    public var group: String?
  }

  /// Measures a metric.
  ///
  /// Proportions of images have Wilson's interval, `worst-group` that of its group; `mean-per-class`
  /// and `macro-f1` have a bootstrap over images (`ImageBootstrap`).
  /// - Returns: Nil for `mce`, which is of several sets (`CorruptionError`), and where what the
  ///   metric needs was not asked of `Evaluator`.
  public func measurement(of metric: DatasetMetric) -> Measurement? {
    switch metric {
    case .top1:
      return proportion(correctCount, of: count)
    case .top5:
      guard isInTop5.count == count else { return nil }
      return proportion(isInTop5.count { $0 }, of: count)
    case .top1OfAll:
      guard isRightOfAll.count == count else { return nil }
      return proportion(isRightOfAll.count { $0 }, of: count)
    case .meanPerClass:
      return bootstrapped { $0.meanPerClass($1) }
    case .macroF1:
      return bootstrapped { $0.macroF1($1) }
    case .worstGroup:
      return worstGroup
    case .mCE:
      return nil
    }
  }

  private func proportion(_ hits: Int, of count: Int, group: String? = nil) -> Measurement {
    let proportion = Proportion(hits, of: count)
    return Measurement(
      value: proportion.value, count: count, interval: proportion.interval, group: group)
  }

  private func bootstrapped(_ value: (Confusion, [Int]) -> Double) -> Measurement {
    let confusion = Confusion(predicted: predicted, labels: labels)
    let counts = confusion.counts
    return Measurement(
      value: value(confusion, counts), count: count,
      interval: ImageBootstrap.interval(cells: confusion.cells, counts: counts) {
        value(confusion, $0)
      })
  }

  /// The group with the lowest top-1, the first by name of equals; images without one do not count.
  private var worstGroup: Measurement? {
    guard groups.count == count else { return nil }
    var tallies: [String: (hits: Int, count: Int)] = [:]
    for (position, group) in groups.enumerated() {
      guard let group else { continue }
      tallies[group, default: (0, 0)].count += 1
      if predicted[position] == labels[position] { tallies[group]?.hits += 1 }
    }
    return tallies.sorted { $0.key < $1.key }
      .map { proportion($0.value.hits, of: $0.value.count, group: $0.key) }
      .min { $0.value < $1.value }
  }
}

/// A fraction of images.
struct Proportion {
  /// 0 without images.
  let value: Double
  private let count: Int

  init(_ hits: Int, of count: Int) {
    value = count == 0 ? 0 : Double(hits) / Double(count)
    self.count = count
  }

  /// Wilson's 95 % interval; 0 and 1 without images.
  var interval: [Double] {
    let range = wilsonInterval(value, count: count) ?? 0...1
    return [range.lowerBound, range.upperBound]
  }
}
