import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import Images
import Torch

extension Speed {
  /// The WiSE-FT curve over several sets, from files to a row for each α and set.
  static func sweepPart(_ inputs: Inputs, _ conversation: Conversation) throws {
    let (from, to) = (try inputs.checkpoint("model"), try inputs.checkpoint("tuned"))
    let alphas = try alphas(inputs)
    let names = try inputs.texts("sets")
    let batchSize = try inputs.count("batch")
    try conversation.serve {
      let start = ContinuousClock.now
      let sweep = try InterpolationSweep(
        from: from, to: to, alphas: alphas, role: .outOfDistribution, batchSize: batchSize,
        context: inputs.context)
      let rows = try sweep.rows(on: names.map { try inputs.dataset($0) })
      let duration = ContinuousClock.now - start
      return Conversation.Answer(duration, count: alphas.count, check: byAlpha(rows))
    }
  }

  /// The least that such a curve costs: decoding every image once, and a forward pass for each α.
  static func idealSweepPart(_ inputs: Inputs, _ conversation: Conversation) throws {
    let classifier = try inputs.classifier()
    let preprocessing = Preprocessing(imageSize: classifier.architecture.imageSize)
    let head = try classifier.head()
    let passes = try alphas(inputs).count
    let names = try inputs.texts("sets")
    let batchSize = try inputs.count("batch")
    try conversation.serve {
      let start = ContinuousClock.now
      let normalizer = try PixelNormalizer(preprocessing, device: .cpu)
      let tower = try VisionTower(classifier.architecture, classifier.weights)
      for name in names {
        let dataset = try inputs.dataset(name)
        let loader = ImageLoader(
          items: dataset.samples.map { dataset.item(of: $0) }, preprocessing: preprocessing,
          batchSize: batchSize, threads: Machine.threads)
        while let batch = try loader.next() {
          try withoutGradients { () throws(HoldfastError) in
            for _ in 0..<passes {
              _ = try head(tower(normalizer(batch))).argmax().elements(as: Int64.self)
            }
          }
        }
      }
      return Conversation.Answer(ContinuousClock.now - start, count: passes)
    }
  }

  /// What was measured at each α, set after set.
  private static func byAlpha(_ rows: [ResultRow]) -> JSONValue {
    let points = Dictionary(grouping: rows) { row in
      String(format: "%g", row.setting["alpha"]?.double ?? .nan)
    }
    return .object(points.mapValues { .numbers($0.map(\.value)) })
  }

  private static func alphas(_ inputs: Inputs) throws -> [Double] {
    let grid = try inputs.text("alphas")
    guard let alphas = AlphaGrid.values(.string(grid)) else {
      throw HoldfastError.usage("\(grid) is no grid", remedy: "Write 0:1:0.1.")
    }
    return alphas
  }
}
