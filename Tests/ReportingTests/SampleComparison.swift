import Basics

/// Made-up measurements in the shape of a real comparison.
enum SampleComparison {
  static func row(
    _ method: String, _ setting: [String: JSONValue] = [:], seed: Int = 0, set: String,
    role: Basics.ResultRow.Role, value: Double, metric: String = "top1", n: Int = 1000,
    selectedOn: String? = nil
  ) -> Basics.ResultRow {
    let half = 1.96 * (max(0, value * (1 - value)) / Double(n)).squareRoot()
    return ResultRow(
      method: method, setting: setting, seed: seed, set: set, role: role, metric: metric,
      value: value, n: n, ci95: value > 1 ? [] : [value - half, value + half],
      selectedOn: selectedOn,
      recipe: "sha256:1", weights: "sha256:\(method)-\(seed)")
  }

  /// Zero-shot, full and one interpolation on one ID and two OOD sets; small enough to check by hand.
  static let small: [Basics.ResultRow] = {
    let values: [(String, [String: JSONValue], [[Double]])] = [
      ("full", [:], [[0.94, 0.70, 0.60], [0.95, 0.72, 0.62], [0.96, 0.74, 0.64]]),
      (
        "wise-ft", ["alpha": .number(0.5)],
        [[0.95, 0.85, 0.75], [0.95, 0.86, 0.78], [0.96, 0.88, 0.79]]
      ),
      ("zero-shot", [:], [[0.75, 0.80, 0.70]]),
    ]
    return values.flatMap { method, setting, seeds in
      seeds.enumerated().flatMap { seed, values in
        [
          row(
            method, setting, seed: seed, set: "mini/real", role: .inDistribution, value: values[0]),
          row(
            method, setting, seed: seed, set: "mini/sketch", role: .outOfDistribution,
            value: values[1]),
          row(
            method, setting, seed: seed, set: "mini/clipart", role: .outOfDistribution,
            value: values[2]),
        ]
      }
    }
  }()

  /// All methods of the paper on six domains with three seeds, as a trial of the benchmark gave them.
  static let full: [Basics.ResultRow] = {
    let domains = ["real", "clipart", "sketch", "painting", "infograph", "quickdraw"]
    let zero = [73.5, 79.5, 76.9, 62.9, 68.0, 76.5]
    let tuned = [94.4, 91.2, 67.9, 62.2, 61.1, 68.7]
    let methods: [(String, [Double], Double)] = [
      ("zero-shot", zero, 0), ("linear-probe", [92.6, 95.0, 87.2, 73.3, 78.9, 89.1], 0.2),
      ("full", tuned, 0.5), ("l1", [94.2, 96.5, 84.3, 71.6, 74.5, 87.6], 0.6),
      ("l2", [94.2, 96.4, 86.0, 72.1, 76.0, 88.8], 0.3),
      ("kd", [95.0, 96.0, 86.5, 72.9, 76.3, 88.4], 0.3),
      ("lora", [93.8, 95.9, 82.5, 69.1, 72.7, 85.0], 0.7),
    ]
    let anchors: [(Double, [Double])] = [
      (0, zero), (0.2, [93.3, 97.0, 90.2, 74.8, 79.8, 90.3]),
      (0.4, [94.5, 97.7, 87.9, 73.2, 78.0, 88.8]), (0.5, [94.8, 97.4, 85.2, 72.0, 76.2, 87.0]),
      (0.7, [95.0, 95.7, 79.5, 68.7, 70.4, 81.6]), (1, tuned),
    ]
    var random = CounterRandom(5)
    var rows: [Basics.ResultRow] = []
    func add(
      _ method: String, _ setting: [String: JSONValue], _ seed: Int, _ values: [Double],
      noise: Double, chosen: Bool = false
    ) {
      for (domain, value) in zip(["real-val"] + domains, [values[0]] + values) {
        let role: Basics.ResultRow.Role =
          domain == "real-val"
          ? .validation : domain == "real" ? .inDistribution : .outOfDistribution
        rows.append(
          row(
            method, setting, seed: seed, set: "minidomains/\(domain)", role: role,
            value: min(99.9, value + noise * random.normal()) / 100,
            selectedOn: chosen ? "minidomains/real-val" : nil))
      }
    }
    for (method, values, noise) in methods {
      for seed in 0..<(method == "zero-shot" ? 1 : 3) {
        add(method, [:], seed, values, noise: noise)
      }
    }
    for seed in 0..<3 {
      for step in 0...10 {
        let alpha = Double(step) / 10
        let after = anchors.firstIndex { $0.0 >= alpha - 1e-9 } ?? 0
        let (low, high) = (anchors[max(0, after - 1)], anchors[after])
        let share = high.0 == low.0 ? 0 : (alpha - low.0) / (high.0 - low.0)
        let values = zip(low.1, high.1).map { $0 + share * ($1 - $0) }
        add(
          "wise-ft", ["alpha": .number(alpha)], seed, values, noise: step == 0 ? 0 : 0.3,
          chosen: step == [7, 6, 7][seed])
      }
    }
    return rows
  }()
}
