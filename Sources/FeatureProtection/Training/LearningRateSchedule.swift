import Foundation

/// Linear warm-up, then half a cosine to zero, for each step.
///
/// step < warm-up: (step + 1) / warm-up; else (1 + cos(π (step − warm-up) / (steps − warm-up))) / 2.
/// As `cosine_lr` of WiSE-FT's repository.
public struct LearningRateSchedule: Sendable {
  public var steps: Int
  public var warmupSteps: Int

  public init(steps: Int, warmupSteps: Int) {
    self.steps = steps
    self.warmupSteps = warmupSteps
  }

  /// What the peak rate is multiplied by at a step, counted from 0.
  public func factor(at step: Int) -> Double {
    if step < warmupSteps { return Double(step + 1) / Double(warmupSteps) }
    let progress = Double(step - warmupSteps) / Double(max(steps - warmupSteps, 1))
    return 0.5 * (1 + cos(.pi * progress))
  }
}
