import Basics
import FeatureProtection
import Torch

extension Speed {
  /// A step of the optimiser with clipping, and where settings ask for them a penalty to the start
  /// and an average of the weights.
  static func optimizerPart(_ inputs: Inputs, _ conversation: Conversation) throws {
    let classifier = try inputs.classifier()
    let trained = try TrainableWeights(classifier.weights.clone())
    let strength = try inputs.number("strength")
    let average = try inputs.number("average")
    let optimizer = try AdamW(
      trained, reference: strength > 0 ? classifier.weights : nil,
      averageDecay: average > 0 ? average : nil
    ) { name in
      AdamW.Options(decay: 0.1, l2: strength, isHead: ImageClassifier.isHead(name))
    }
    let rate = try inputs.number("rate")
    let steps = try inputs.count("steps")
    // The same for each step, which leaves none behind.
    let gradient = try trained.values.buffer * inputs.number("gradient")
    try conversation.serve {
      var duration = Duration.zero
      var norms: [Double] = []
      for _ in 0..<steps {
        try trained.gradient.buffer.copy(from: gradient)
        let start = ContinuousClock.now
        let report = try optimizer.step(rate: rate, headRate: rate, clipNorm: 1)
        duration += ContinuousClock.now - start
        norms += [report.gradientNorm, report.penalty]
      }
      if let average = optimizer.average { norms.append(try average.norm()) }
      norms.append(try trained.values.norm())
      return Conversation.Answer(duration, count: steps, check: .numbers(norms))
    }
  }

  /// As many bytes moved as a step must: six arrays read and five written, once each.
  static func arraysPart(_ inputs: Inputs, _ conversation: Conversation) throws {
    let source = try inputs.classifier().weights.buffer
    let target = try source.clone()
    let half = source.count / 2
    let (firstHalf, otherHalf) = (
      try source.narrowed(from: 0, count: half), try target.narrowed(from: 0, count: half)
    )
    let steps = try inputs.count("steps")
    try conversation.serve {
      let start = ContinuousClock.now
      for _ in 0..<steps {
        // A copy reads one array and writes one; there are eleven to read or write.
        for _ in 0..<5 { try target.copy(from: source) }
        try otherHalf.copy(from: firstHalf)
      }
      return Conversation.Answer(ContinuousClock.now - start, count: steps)
    }
  }
}
