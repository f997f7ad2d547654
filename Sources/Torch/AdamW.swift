import Basics
internal import CTorch

/// AdamW over whole buffers, with penalties to reference weights, gradient clipping and averaging
/// inside.
///
/// Decoupled weight decay (Loshchilov and Hutter 2019) in PyTorch's order of operations. A step is
/// two passes over memory: one reads the gradient's norm, one does all the rest and leaves the
/// gradient zero.
public final class AdamW {
  /// What may differ from tensor to tensor.
  public struct Options: Hashable, Sendable {
    /// Decoupled weight decay; the default is WiSE-FT's.
    public var decay = 0.1
    /// Multiplies |θ − θ₀| in the loss.
    public var l1 = 0.0
    /// Multiplies (θ − θ₀)² / 2 in the loss.
    public var l2 = 0.0
    /// Uses the second of the two learning rates given to `step`.
    public var isHead = false

    public init(decay: Double = 0.1, l1: Double = 0, l2: Double = 0, isHead: Bool = false) {
      self.decay = decay
      self.l1 = l1
      self.l2 = l2
      self.isHead = isHead
    }

    var isPenalised: Bool { l1 != 0 || l2 != 0 }
  }

  /// What a step did.
  public struct Report: Hashable, Sendable {
    /// The gradient's norm before clipping, penalties included.
    public var gradientNorm: Double
    /// The value of the penalties before the step.
    public var penalty: Double
  }

  /// A run of the buffer whose tensors share their options.
  private struct Segment {
    var options: Options
    var range: Range<Int>
  }

  public let weights: TrainableWeights
  public let reference: Weights?
  /// The moments, of the same layout as the weights, and the number of steps taken.
  public private(set) var firstMoment: Weights
  public private(set) var secondMoment: Weights
  public private(set) var stepCount = 0
  /// The exponential average of the weights after each step, from their start; nil where none is
  /// kept.
  public private(set) var average: Weights?
  /// What a step keeps of the average.
  public let averageDecay: Double?
  public let betas: (Double, Double)
  public let epsilon: Double
  private let segments: [Segment]
  private let usesFusedPass: Bool

  /// - Parameters:
  ///   - reference: θ₀ of the penalties, with the layout of the weights.
  ///   - averageDecay: d of `average ← d · average + (1 − d) · weights` after each step (Polyak and
  ///     Juditsky 1992 in its exponential form); nil keeps no average.
  ///   - usesFusedPass: False goes through libtorch's operators, as on devices other than the CPU.
  ///   - options: What holds for each tensor, by name.
  /// - Throws: `HoldfastError`: `badData` where the reference has another layout, `internalError`
  ///   where a tensor has a penalty and there is no reference.
  public init(
    _ weights: TrainableWeights, reference: Weights? = nil, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, averageDecay: Double? = nil,
    usesFusedPass: Bool = FastPaths.areOn, options: (String) -> Options
  ) throws(HoldfastError) {
    if let reference { try weights.values.requireSameLayout(reference) }
    self.weights = weights
    self.reference = reference
    self.betas = betas
    self.epsilon = epsilon
    self.averageDecay = averageDecay
    self.usesFusedPass = usesFusedPass && weights.values.device == .cpu
    average =
      try averageDecay.map { (_) throws(HoldfastError) in try weights.values.clone() }
    firstMoment = try Weights(zeros: weights.layout, device: weights.values.device)
    secondMoment = try Weights(zeros: weights.layout, device: weights.values.device)
    var segments: [Segment] = []
    for entry in weights.layout.entries {
      let choice = options(entry.name)
      guard reference != nil || !choice.isPenalised else {
        throw .internalError("\(entry.name) has a penalty, but no reference was given")
      }
      if let last = segments.indices.last, segments[last].options == choice {
        segments[last].range = segments[last].range.lowerBound..<entry.end
      } else {
        segments.append(Segment(options: choice, range: entry.offset..<entry.end))
      }
    }
    self.segments = segments
  }

  /// One step from the gathered gradient, which is zero afterwards.
  ///
  /// - Parameters:
  ///   - rate: The learning rate; `headRate` that of tensors marked as the head's.
  ///   - clipNorm: The gradient is scaled down to this norm, as PyTorch's `clip_grad_norm_` does;
  ///     nil leaves it.
  public func step(
    rate: Double, headRate: Double, clipNorm: Double?
  ) throws(HoldfastError) -> Report {
    var square = 0.0
    var penalty = 0.0
    for segment in segments {
      let sums = try measure(segment)
      square += sums.gradientSquare
      penalty += segment.options.l1 * sums.absolute + segment.options.l2 / 2 * sums.square
    }
    let norm = square.squareRoot()
    let scale = clipNorm.map { min(1, $0 / (norm + 1e-6)) } ?? 1
    stepCount += 1
    for segment in segments {
      try update(segment, rate: segment.options.isHead ? headRate : rate, scale: scale)
    }
    return Report(gradientNorm: norm, penalty: penalty)
  }

  /// The part of a buffer that a segment covers.
  private func part(_ weights: Weights, _ segment: Segment) throws(HoldfastError) -> Tensor {
    try weights.buffer.narrowed(from: segment.range.lowerBound, count: segment.range.count)
  }

  /// θ₀ under a segment, where the segment has a penalty.
  private func origin(_ segment: Segment) throws(HoldfastError) -> Tensor? {
    guard segment.options.isPenalised, let reference else { return nil }
    return try part(reference, segment)
  }

  /// What a penalty adds to the gradient.
  private func pull(_ moved: Tensor, _ options: Options) throws(HoldfastError) -> Tensor {
    try moved.sign() * options.l1 + moved * options.l2
  }

  /// The sums of a segment; nothing is changed.
  private func measure(
    _ segment: Segment
  ) throws(HoldfastError) -> (gradientSquare: Double, absolute: Double, square: Double) {
    let value = try part(weights.values, segment)
    let gradient = try part(weights.gradient, segment)
    let options = segment.options
    let origin = try origin(segment)
    guard usesFusedPass else {
      guard let origin else { return (try gradient.sumOfSquares(), 0, 0) }
      let moved = try value - origin
      return (
        try (gradient + pull(moved, options)).sumOfSquares(),
        try moved.abs().to(.float64).sum().item(), try moved.sumOfSquares()
      )
    }
    var sums = [0.0, 0.0, 0.0]
    try value.handle.withRaw { (p) throws(HoldfastError) in
      try gradient.handle.withRaw { (g) throws(HoldfastError) in
        try withRaw(origin) { (p0) throws(HoldfastError) in
          try check(ct_measure(p, g, p0, options.l1, options.l2, &sums))
        }
      }
    }
    return (sums[0], sums[1], sums[2])
  }

  private func withRaw(
    _ tensor: Tensor?, _ body: (OpaquePointer?) throws(HoldfastError) -> Void
  ) throws(HoldfastError) {
    guard let tensor else { return try body(nil) }
    try tensor.handle.withRaw { (raw) throws(HoldfastError) in try body(raw) }
  }

  private func update(
    _ segment: Segment, rate: Double, scale: Double
  ) throws(HoldfastError) {
    let value = try part(weights.values, segment)
    let gradient = try part(weights.gradient, segment)
    let first = try part(firstMoment, segment)
    let second = try part(secondMoment, segment)
    let origin = try origin(segment)
    let average = try average.map { (a) throws(HoldfastError) in try part(a, segment) }
    guard usesFusedPass else {
      if let origin {
        try gradient.copy(from: gradient + pull(value - origin, segment.options))
      }
      try updateWithOperators(value, gradient, first, second, segment.options.decay, rate, scale)
      try gradient.fill(with: 0)
      if let average, let averageDecay {
        try average.copy(from: average * averageDecay + value * (1 - averageDecay))
      }
      return
    }
    var settings = ct_adamw_settings(
      rate: rate, beta1: betas.0, beta2: betas.1, epsilon: epsilon, decay: segment.options.decay,
      gradient_scale: scale, l1: segment.options.l1, l2: segment.options.l2,
      average_keep: averageDecay ?? 0, step: Int64(stepCount))
    try value.handle.withRaw { (p) throws(HoldfastError) in
      try gradient.handle.withRaw { (g) throws(HoldfastError) in
        try first.handle.withRaw { (m) throws(HoldfastError) in
          try second.handle.withRaw { (v) throws(HoldfastError) in
            try withRaw(origin) { (p0) throws(HoldfastError) in
              try withRaw(average) { (a) throws(HoldfastError) in
                try check(ct_adamw(p, g, m, v, p0, a, &settings))
              }
            }
          }
        }
      }
    }
  }

  /// The same step through libtorch's operators, for devices without the fused pass.
  private func updateWithOperators(
    _ value: Tensor, _ gradient: Tensor, _ first: Tensor, _ second: Tensor, _ decay: Double,
    _ rate: Double, _ scale: Double
  ) throws(HoldfastError) {
    var correction = (1.0, 1.0)
    for _ in 0..<stepCount {
      correction.0 *= betas.0
      correction.1 *= betas.1
    }
    let g = try gradient * scale
    try first.copy(from: first + (g - first) * (1 - betas.0))
    try second.copy(from: second * betas.1 + g * g * (1 - betas.1))
    let denominator = try second.sqrt() * (1 / (1 - correction.1).squareRoot()) + epsilon
    let change = try first / denominator * (rate / (1 - correction.0))
    try value.copy(from: value * (1 - rate * decay) - change)
  }
}
