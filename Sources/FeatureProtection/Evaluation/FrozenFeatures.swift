import Basics
import CLIP
import Foundation
import Images
import Torch

/// The features that one tower gives for evaluation sets, kept so that every classifier with that
/// very tower is scored by its head alone: a linear probe after the reference, for example.
///
/// They are keyed by the images and their preprocessing, and towers are compared bit for bit.
final class FrozenFeatures {
  /// The features of some images of a set.
  struct Batch {
    /// Positions in the set.
    var positions: [Int]
    /// `[positions, width]`, not normalised.
    var features: Tensor
  }

  /// A whole set, batch after batch.
  struct Entry {
    var batches: [Batch] = []
    /// How many of its images do not decode.
    var skipped = 0
  }

  /// What decides the features of a set.
  struct Key: Hashable {
    var images: ImageList
    var preprocessing: Preprocessing
    var batchSize: Int
    var precision: DType
    var skipBad: Bool
    var features: HeadFeatures
  }

  private let reference: ImageClassifier
  private let byteLimit: Int
  private var byteCount = 0
  private var kept: [Key: Entry] = [:]

  /// - Parameters:
  ///   - reference: The classifier whose tower it is.
  ///   - byteLimit: The most memory that features may take; the default is 256 MiB.
  init(_ reference: ImageClassifier, byteLimit: Int = 256 << 20) {
    self.reference = reference
    self.byteLimit = byteLimit
  }

  /// Whether the classifier's tower is the reference's, bit for bit.
  func hasTower(of other: ImageClassifier) throws(HoldfastError) -> Bool {
    guard other.architecture.vision == reference.architecture.vision else { return false }
    for name in reference.weights.names where CLIPArchitecture.isVision(name) {
      guard other.weights.contains(name) else { return false }
      // Most towers that were trained differ in the first tensor already.
      guard try bytes(reference, name) == bytes(other, name) else { return false }
    }
    return true
  }

  private func bytes(_ classifier: ImageClassifier, _ name: String) throws(HoldfastError) -> Data {
    try classifier.weights.tensor(name).to(.cpu).contiguous().withBytes { Data($0) }
  }

  /// Whether the features of so many images may still be kept.
  func takes(_ images: Int, _ features: HeadFeatures) -> Bool {
    images <= (byteLimit - byteCount) / (4 * reference.architecture.width(of: features))
  }

  /// The entry of a set; nil where its features are not known.
  subscript(key: Key) -> Entry? { kept[key] }

  /// Keeps the features of a set, of which `takes` has said that it may.
  func keep(_ entry: Entry, _ key: Key) {
    guard kept[key] == nil else { return }
    kept[key] = entry
    byteCount += entry.batches.reduce(0) { $0 + 4 * $1.features.count }
  }
}
