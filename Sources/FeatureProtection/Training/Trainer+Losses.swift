import Basics
import Torch

extension Trainer {
  /// The loss of a batch before the step, and the cross-entropy in it.
  struct Losses {
    var whole = 0.0
    var crossEntropy = 0.0

    mutating func add(_ terms: Terms) throws(HoldfastError) {
      whole += try terms.whole.item()
      crossEntropy += try terms.crossEntropy.item()
    }
  }

  /// The loss as tensors that it can be differentiated through.
  struct Terms {
    var whole: Tensor
    var crossEntropy: Tensor

    /// What they are of the loss of a larger batch: every term is a mean over images, so that a part
    /// of n of N images counts n / N.
    func share(_ images: Int, of count: Int) throws(HoldfastError) -> Terms {
      guard images < count else { return self }
      let share = Double(images) / Double(count)
      return try Terms(whole: whole * share, crossEntropy: crossEntropy * share)
    }
  }

  /// Adds the gradient of a batch's loss, micro-batch after micro-batch.
  ///
  /// The sum is that of the whole batch but for the rounding of its additions.
  func backpropagate(
    _ batch: inout TrainingBatches.Batch, _ model: TrainableModel, _ frozen: FrozenTower,
    _ concurrent: ConcurrentParts?
  ) throws(HoldfastError) -> Losses {
    let count = batch.positions.count
    if let concurrent, concurrent.takes(images: count) {
      return try concurrent.backpropagate(&batch) { (part, model) throws(HoldfastError) in
        try loss(of: part, model, frozen)
      }
    }
    let most =
      settings.microBatchSize
      ?? (model.hasFrozenTower
        ? count
        : StepParts.size(
          model.architecture, weightsMove: !model.isLowRank, images: count, on: context.device))
    var losses = Losses()
    var start = 0
    while start < count {
      let size = min(most, count - start)
      let terms = try context.timing(.forward) { () throws(HoldfastError) in
        try withPrecision(context.precision, on: context.device) { () throws(HoldfastError) in
          try loss(of: batch.takePart(from: start, count: size), model, frozen)
            .share(size, of: count)
        }
      }
      start += size
      try context.timing(.backward, terms.whole.backward)
      try losses.add(terms)
    }
    return losses
  }

  private func loss(
    of batch: TrainingBatches.Batch, _ model: TrainableModel, _ frozen: FrozenTower
  ) throws(HoldfastError) -> Terms {
    let student =
      try model.hasFrozenTower
      ? model.output(features: frozen.rawFeatures(batch.positions, pixels: batch.pixels))
      : model.output(pixels: batch.requirePixels())
    let crossEntropy = try student.logits.crossEntropy(
      batch.labels, labelSmoothing: settings.labelSmoothing)
    var whole = crossEntropy
    for protection in recipe.protections {
      let teacher = try frozen.output(batch.positions, pixels: batch.pixels)
      whole = try whole + protection.loss(student: student, teacher: teacher)
    }
    return Terms(whole: whole, crossEntropy: crossEntropy)
  }

  /// The error of a loss that is no number, with the images that it was computed of.
  func notFinite(_ step: Int, _ set: TrainingSet, _ positions: [Int]) -> HoldfastError {
    let paths = positions.map { set.dataset.samples[$0].path }
    let rest = paths.count > 8 ? " and \(paths.count - 8) more" : ""
    return HoldfastError(
      .internalError,
      "\(label.method), seed \(seed): the loss is not a finite number at step \(step + 1), in the "
        + "batch of \(paths.prefix(8).joined(separator: ", "))\(rest)",
      remedy: "Lower lr or head-lr, or raise warmup-steps.")
  }
}
