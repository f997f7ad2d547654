/// What a pickle may ask for by name; everything else is refused before anything comes of it.
enum PickleGlobal: Hashable, Sendable {
  case orderedDictionary
  case rebuildTensor
  case rebuildParameter
  case size
  case storage(DType)
  /// A class of a TorchScript archive; only its attributes are read.
  case scriptClass
  /// A function of TorchScript's own that gives back its first argument.
  case first
  /// A function or type whose result is of no use here.
  case opaque

  /// Nil for a name that is not known.
  init?(module: String, name: String) {
    if module == "__torch__" || module.hasPrefix("__torch__.") {
      self = .scriptClass
    } else if module == "torch", let type = Self.storages[name] {
      self = .storage(type)
    } else if module == "torch", Self.types.contains(name) {
      self = .opaque
    } else if let global = Self.table["\(module).\(name)"] {
      self = global
    } else {
      return nil
    }
  }

  private static let storages: [String: DType] = [
    "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
    "DoubleStorage": .float64, "LongStorage": .int64, "IntStorage": .int32,
    "ByteStorage": .uint8, "BoolStorage": .bool,
  ]

  private static let types: Set<String> = [
    "float32", "float16", "bfloat16", "float64", "int64", "int32", "int16", "int8", "uint8", "bool",
  ]

  private static let table: [String: PickleGlobal] = [
    "collections.OrderedDict": .orderedDictionary,
    "torch._utils._rebuild_tensor_v2": .rebuildTensor,
    "torch._utils._rebuild_parameter": .rebuildParameter,
    "torch._utils._rebuild_parameter_with_state": .rebuildParameter,
    "torch.Size": .size,
    "torch.device": .opaque,
    "builtins.set": .opaque,
    "__builtin__.set": .opaque,
    "torch.jit._pickle.build_intlist": .first,
    "torch.jit._pickle.build_doublelist": .first,
    "torch.jit._pickle.build_boollist": .first,
    "torch.jit._pickle.build_tensorlist": .first,
    "torch.jit._pickle.restore_type_tag": .first,
    // Losses and scores that training scripts keep as NumPy's numbers.
    "numpy.dtype": .opaque,
    "numpy.core.multiarray.scalar": .opaque,
    "numpy._core.multiarray.scalar": .opaque,
    "_codecs.encode": .opaque,
  ]
}
