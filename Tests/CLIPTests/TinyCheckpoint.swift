import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

/// The folder of the tiny CLIP that Python wrote.
let tinyFolder = Fixtures.path("towers/tiny-quickgelu")

/// Copies the tiny CLIP into a folder with changes to its tensors.
func writeTiny(
  to folder: String,
  _ change: (inout [(name: String, tensor: Tensor)]) throws -> Void
) throws {
  for name in ["config.json", "vocab.json", "merges.txt", "preprocessor_config.json"] {
    try AtomicFile.write(Fixtures.data("towers/tiny-quickgelu/\(name)"), to: "\(folder)/\(name)")
  }
  let file = try SafetensorsFile(path: "\(tinyFolder)/model.safetensors")
  var tensors: [(name: String, tensor: Tensor)] = []
  for name in file.names { tensors.append((name, try file.tensor(name))) }
  try change(&tensors)
  try SafetensorsFile.write(tensors, to: "\(folder)/model.safetensors")
}

/// The rows of a table of token numbers.
func tokenRows(_ ids: Tensor) throws -> [[Int]] {
  let flat = try ids.elements(as: Int64.self).map(Int.init)
  let length = ids.shape[1]
  return (0..<ids.shape[0]).map { Array(flat[$0 * length..<($0 + 1) * length]) }
}

/// Expects tensors to differ by at most `tolerance` of the greatest element.
func expectClose(
  _ ours: Tensor, _ theirs: Tensor, tolerance: Float = 1e-4, _ comment: Comment? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(ours.shape == theirs.shape, comment, sourceLocation: sourceLocation)
  let a = try ours.elements(as: Float.self)
  let b = try theirs.elements(as: Float.self)
  let greatest = b.map(abs).max() ?? 0
  let worst = zip(a, b).map { abs($0 - $1) }.reduce(0) { $1 <= $0 ? $0 : $1 }
  #expect(
    worst <= tolerance * greatest && greatest > 0,
    "\(worst) of \(greatest) \(comment.map { "\($0)" } ?? "")", sourceLocation: sourceLocation)
}

/// Expects tensors to be equal bit for bit.
func expectSameBits(
  _ ours: Tensor, _ theirs: Tensor, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(ours.shape == theirs.shape, sourceLocation: sourceLocation)
  let a = try ours.elements(as: Float.self).map(\.bitPattern)
  let b = try theirs.elements(as: Float.self).map(\.bitPattern)
  #expect(a == b, sourceLocation: sourceLocation)
}
