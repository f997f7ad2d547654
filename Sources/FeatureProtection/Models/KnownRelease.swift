import Basics
import CLIP
import Foundation
import Torch

/// A published model that is known by the digest of its file, and what others measured of it.
///
/// Nothing but the bytes tells a release from what was fine-tuned of it: sizes, activation and the
/// name in a configuration stay the same.
public struct KnownRelease: Sendable, Hashable {
  /// What it is called: `OpenAI's ViT-B/32`.
  public var name: String
  /// The SHA-256 of files that are this model, as `sha256:…`.
  public var files: Set<String>
  /// Zero-shot top-1 with the 80 prompts, by the data set's name.
  public var accuracies: [String: Double]

  public init(name: String, files: Set<String>, accuracies: [String: Double]) {
    self.name = name
    self.files = files
    self.accuracies = accuracies
  }

  /// Whom the accuracies are from.
  public static let source = "open_clip, docs/openclip_results.csv"

  /// The keys in the header of converted weights: the digest of the file that they are, and their own.
  static let originKey = "holdfast.origin"
  static let digestKey = "holdfast.origin.weights"

  /// The release that a model on disk is, or nil.
  ///
  /// - Parameters:
  ///   - location: As `ModelLocation` takes it; the file of weights is read whole.
  ///   - checkpoint: What was read from there, unchanged.
  public static func identify(
    _ location: String, _ checkpoint: Checkpoint, among releases: [KnownRelease] = all
  ) throws(HoldfastError) -> KnownRelease? {
    guard !location.hasPrefix("builtin:"), !ModelLocation.isAdapter(location) else { return nil }
    let file = try Checkpoint.weightsFile(of: (location as NSString).expandingTildeInPath)
    if let converted = try origin(of: file, checkpoint) {
      return releases.first { $0.files.contains(converted) }
    }
    let digest = try SHA256.name(ofFile: file)
    return releases.first { $0.files.contains(digest) }
  }

  /// What the header of converted weights is to say, where the model is a release.
  public static func metadata(
    of location: String, _ checkpoint: Checkpoint, among releases: [KnownRelease] = all
  ) throws(HoldfastError) -> [String: String] {
    guard let release = try identify(location, checkpoint, among: releases),
      let file = release.files.min()
    else { return [:] }
    return [originKey: file, digestKey: try checkpoint.weights.digest()]
  }

  /// The digest of the file that weights were converted from, where they are still the same.
  private static func origin(
    of file: String, _ checkpoint: Checkpoint
  ) throws(HoldfastError) -> String? {
    guard file.hasSuffix(".safetensors"), FileManager.default.fileExists(atPath: file) else {
      return nil
    }
    let metadata = try SafetensorsFile(path: file).metadata
    guard let origin = metadata[originKey], let digest = metadata[digestKey] else { return nil }
    return try checkpoint.weights.digest() == digest ? origin : nil
  }
}
