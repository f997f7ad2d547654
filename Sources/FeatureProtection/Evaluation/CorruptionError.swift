import Basics
import Benchmarks

/// The mean corruption error of a model on ImageNet-C, made of the rows of the 15 corruptions.
enum CorruptionError {
  /// The name of the family in results.
  private static let family = "imagenet-c"

  /// A row with the metric `mce` for each role in which all 15 corruptions were scored.
  ///
  /// Its interval comes from both ends of each corruption's, as if the errors of all corruptions
  /// moved together: too wide rather than too narrow, because all of them show the same images.
  ///
  /// - Parameters:
  ///   - rows: What was measured of one model in one setting.
  ///   - sets: The sets that were scored, whose `metrics` ask for it.
  static func rows(of rows: [ResultRow], on sets: [EvaluationSet]) -> [ResultRow] {
    var corruptions: [String: String] = [:]
    for set in sets where set.metrics.contains(.mCE) {
      corruptions[set.name] = ImageNetC.corruption(of: set.dataset)
    }
    return ResultRow.Role.allCases.compactMap { role in
      let own = rows.filter {
        $0.role == role && $0.metric == DatasetMetric.top1.rawValue && corruptions[$0.set] != nil
      }
      let pairs = own.compactMap { row in corruptions[row.set].map { ($0, row) } }
      let parts = Dictionary(pairs) { first, _ in first }
        .filter { ImageNetC.corruptions.contains($0.key) }
      func mean(_ accuracy: (ResultRow) -> Double) -> Double? {
        ImageNetC.meanCorruptionError(errors: parts.mapValues { 1 - accuracy($0) })
      }
      guard var row = own.first, let value = mean(\.value),
        let low = mean({ $0.ci95.last ?? $0.value }), let high = mean({ $0.ci95.first ?? $0.value })
      else { return nil }
      row.set = family
      row.metric = DatasetMetric.mCE.rawValue
      row.value = value
      row.ci95 = [low, high]
      row.n = parts.values.reduce(0) { $0 + $1.n }
      if row.skipped != nil { row.skipped = parts.values.reduce(0) { $0 + ($1.skipped ?? 0) } }
      let missing = parts.values.reduce(0) { $0 + ($1.data?["missing"]?.int ?? 0) }
      var data = row.data ?? [:]
      data["missing"] = missing == 0 ? nil : .integer(missing)
      row.data = data.isEmpty ? nil : data
      return row
    }
  }
}
