/// A value in a pickle.
///
/// Containers are numbers of nodes that the reader keeps in one array, so that nesting, sharing and
/// cycles are plain numbers: nothing that a file can build is released or walked recursively.
enum PickleValue: Hashable, Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  case real(Double)
  case text(String)
  case global(PickleGlobal)
  case node(Int)
  /// Something known and harmless that is of no use here: bytes, devices, NumPy's numbers.
  case opaque
}

/// What has an identity in a pickle.
enum PickleNode: Sendable {
  case tuple([PickleValue])
  case list([PickleValue])
  case dictionary([(key: PickleValue, value: PickleValue)])
  /// An object of a TorchScript class: its attributes, most often a dictionary.
  case object(state: PickleValue)
  case storage(TorchStorage)
  case tensor(TorchTensor)
}
