import Basics
import CLIP
import Torch

/// Parts of a training step's batch, each computed on a thread of its own.
///
/// A step of a small model is over in milliseconds, of which much goes to the graph, to operators that
/// one thread runs and to threads that wait for one another. Here each thread takes its part of the
/// batch forward and backward, with leaves and a gradient of its own over the same weights.
struct ConcurrentParts {
  /// Rows of a part below which its products are left to libtorch, and not worth a thread.
  private static let leastRows = 512

  /// The model itself, and those that share its values.
  private let models: [TrainableModel]
  private let leastImages: Int
  private let context: RunContext

  /// - Parameter count: The images of a step, but for the last of an epoch.
  /// - Returns: Nil where all threads share every operator: of large models, of towers that stay, of
  ///   ResNets, and where a batch is too small for so many threads.
  init?(
    _ model: TrainableModel, images count: Int, _ context: RunContext
  ) throws(HoldfastError) {
    let threads = context.threadsOfOwn(parameters: model.parameterCount)
    let rows = model.architecture.positionCount
    leastImages = threads * ((Self.leastRows + rows - 1) / rows)
    guard threads > 1, count >= leastImages, !model.hasFrozenTower,
      case .transformer = model.architecture.vision
    else { return nil }
    var models = [model]
    while models.count < threads { models.append(try model.withOwnGradient()) }
    self.models = models
    self.context = context
  }

  /// Whether a batch is large enough for all threads.
  func takes(images count: Int) -> Bool { count >= leastImages }

  /// Adds the gradient of a batch's loss.
  ///
  /// - Parameter loss: The mean loss of a part, and the cross-entropy in it, differentiable through
  ///   the given model; called on several threads at once.
  func backpropagate(
    _ batch: inout TrainingBatches.Batch,
    _ loss: @Sendable (TrainingBatches.Batch, TrainableModel) throws(HoldfastError) -> Trainer.Terms
  ) throws(HoldfastError) -> Trainer.Losses {
    let models = models
    let count = batch.positions.count
    let bounds = (0...models.count).map { $0 * count / models.count }
    var parts: [TrainingBatches.Batch] = []
    for (start, end) in zip(bounds, bounds.dropFirst()) {
      parts.append(try batch.takePart(from: start, count: end - start))
    }
    let taken = parts
    // Forward and backward in one go, so that threads wait for each other once a step.
    let (answers, losses) = try context.timing(.backward) { () throws(HoldfastError) in
      let answers = try Machine.concurrently(models.count) { (index) throws(HoldfastError) in
        let start = ContinuousClock.now
        let terms = try loss(taken[index], models[index])
          .share(taken[index].positions.count, of: count)
        let forward = ContinuousClock.now - start
        try terms.whole.backward()
        return (terms: terms, forward: forward)
      }
      var losses = Trainer.Losses()
      for (answer, model) in zip(answers, models) {
        if model !== models[0] { try models[0].trained.moveGradient(from: model.trained) }
        try losses.add(answer.terms)
      }
      return (answers, losses)
    }
    let forward = answers.reduce(.zero) { $0 + $1.forward } / answers.count
    context.ledger?.move(forward, from: .backward, to: .forward)
    return losses
  }
}
