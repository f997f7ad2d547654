import Basics

/// A file of named tensors in any format, which are read when they are asked for.
public protocol TensorFile: Sendable {
  /// The file's path, for errors.
  var path: String { get }
  /// The names of all tensors, in the order of the data.
  var names: [String] { get }
  /// Strings about the file, where its format holds them.
  var metadata: [String: String] { get }
  /// The shape of a tensor; nil where there is none of that name.
  func shape(of name: String) -> [Int]?
  /// A copy of a tensor in its own type, on the CPU.
  ///
  /// - Throws: `HoldfastError` of kind `badData` where there is none, or its bytes are damaged.
  func tensor(_ name: String) throws(HoldfastError) -> Tensor
  /// The same for who copies it at once: it may share the file's memory, which is given back as soon
  /// as the tensor is gone.
  func borrowed(_ name: String) throws(HoldfastError) -> Tensor
}

extension TensorFile {
  public func borrowed(_ name: String) throws(HoldfastError) -> Tensor { try tensor(name) }
}

extension SafetensorsFile: TensorFile {
  public func shape(of name: String) -> [Int]? { self[name]?.shape }
}
