import Basics
import Foundation
import Torch

extension Weights {
  /// The SHA-256 of names, shapes and values in buffer order, as `sha256:…`.
  ///
  /// Two sets of weights have one digest exactly where every tensor is the same bit for bit.
  public func digest() throws(HoldfastError) -> String {
    var hash = SHA256()
    for entry in layout.entries {
      hash.update(Data("\(entry.name) \(entry.shape)\n".utf8))
    }
    try buffer.to(.cpu).withBytes { (bytes) throws(HoldfastError) in hash.update(bytes) }
    return hash.name
  }
}
