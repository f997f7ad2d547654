import Basics
import CLIP
import Foundation
import Torch

/// The reference's tower and head, whose outputs for one view are computed once.
///
/// Without augmentation an image has one view over all epochs, so the teacher of distillation and
/// the features of a linear probe are each one pass over the training set. Nothing is stored where
/// fast paths are off.
///
/// Several threads may ask at once, each about images of its own.
final class FrozenTower: @unchecked Sendable {
  private let reference: ImageClassifier
  /// `[images, width]`, filled as images come by; nil where views differ from epoch to epoch.
  private let features: Tensor?
  private let lock = NSLock()
  private var isKnown: [Bool]

  init(
    _ reference: ImageClassifier, images: Int, hasOneView: Bool
  ) throws(HoldfastError) {
    self.reference = reference
    isKnown = [Bool](repeating: false, count: images)
    let width = reference.architecture.width(of: reference.features)
    features =
      hasOneView && FastPaths.areOn
      ? try Tensor.zeros([images, width], device: reference.weights.device) : nil
  }

  /// Whether the features of all these images are stored.
  func knows(_ positions: [Int]) -> Bool {
    features != nil && lock.withLock { positions.allSatisfy { isKnown[$0] } }
  }

  /// The outputs for a batch, without gradient.
  func output(
    _ positions: [Int], pixels: Tensor?
  ) throws(HoldfastError) -> ClassifierOutput {
    try withoutGradients { () throws(HoldfastError) in
      try ClassifierOutput(features: rawFeatures(positions, pixels: pixels), reference.weights)
    }
  }

  /// The features for a batch, not normalised, without gradient.
  func rawFeatures(_ positions: [Int], pixels: Tensor?) throws(HoldfastError) -> Tensor {
    if let features, knows(positions) { return try features.selected(positions) }
    guard let pixels else { throw .internalError("an image was not loaded") }
    return try withoutGradients { () throws(HoldfastError) in
      let fresh = try VisionTower(reference.architecture, reference.weights)(
        pixels, reference.features)
      if let features {
        for (row, position) in positions.enumerated() {
          try features.narrowed(from: position, count: 1)
            .copy(from: fresh.narrowed(from: row, count: 1))
        }
        lock.withLock { for position in positions { isKnown[position] = true } }
      }
      return fresh
    }
  }
}
