import Basics
import Foundation
import TestSupport
import Testing

/// Everything that runs the program: one process at a time.
@Suite(.serialized) struct EndToEnd {}

/// The tiny model and images that the tests share.
enum Tiny {
  static let model = Fixtures.path("towers/tiny-quickgelu")
  static let images = Fixtures.path("training/images")
  static let prompts = Fixtures.path("training/prompts.txt")
  /// In byte order of their folders.
  static let classes = ["maple leaf", "owl", "red kite"]

  /// A short training that takes a moment.
  static func train(_ method: String, out: String, _ more: String...) -> [String] {
    [
      "train", "--model", model, "--data", images, "--prompts", prompts, "--method", method,
      "--steps", "3", "--batch-size", "8", "--set", "warmup-steps=1", "--set", "lr=1e-3", "--out",
      out, "--quiet",
    ] + more
  }

  /// A copy of the model in a folder of its own, to be damaged.
  static func modelCopy(in folder: String) throws -> String {
    let copy = folder + "/model"
    try FileManager.default.copyItem(atPath: model, toPath: copy)
    return copy
  }

  /// A copy of the images in a folder of its own, to be damaged.
  static func imageCopy(in folder: String) throws -> String {
    let copy = folder + "/images"
    try FileManager.default.copyItem(atPath: images, toPath: copy)
    return copy
  }
}

/// The bytes of a file, empty where there is none.
func bytes(_ path: String) -> Data {
  FileManager.default.contents(atPath: path) ?? Data()
}

/// The values of a file of one JSON object a line.
func lines(_ path: String) throws -> [JSONValue] {
  try bytes(path).split(separator: UInt8(ascii: "\n")).map {
    try JSONValue.parse(Data($0), source: path)
  }
}
