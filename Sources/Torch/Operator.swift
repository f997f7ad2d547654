import Basics
internal import CTorch

/// An argument of a libtorch operator.
enum Argument {
  case none
  case tensor(Tensor)
  case optional(Tensor?)
  case int(Int)
  case real(Double)
  case bool(Bool)
  case string(String)
  case ints([Int])
  case tensors([Tensor])
  case dtype(DType)
  case device(Device)
}

/// A libtorch operator, found once by its name in the dispatcher.
struct Operator: Sendable {
  /// With its library, `aten::matmul` for example.
  let name: String
  let overload: String
  // Operator handles of libtorch are immutable and live as long as the process.
  private nonisolated(unsafe) let pointer: OpaquePointer?

  /// - Parameter library: `aten` for libtorch's own; `holdfast` for those of `native/`.
  init(_ name: String, _ overload: String = "", library: String = "aten") {
    self.name = "\(library)::\(name)"
    self.overload = overload
    var found: OpaquePointer?
    pointer = ct_find_operator(self.name, overload, &found) == CT_OK ? found : nil
  }

  /// Whether libtorch has it.
  var isResolved: Bool { pointer != nil }

  /// Calls the operator and returns its only result.
  func callAsFunction(_ arguments: Argument...) throws(HoldfastError) -> Tensor {
    let outputs = try call(arguments, capacity: 4)
    guard let first = outputs.first else {
      throw .internalError("libtorch: \(name) returned no tensor")
    }
    return first
  }

  /// Calls the operator and returns all its tensors, at most `capacity`.
  func all(_ arguments: Argument..., capacity: Int) throws(HoldfastError) -> [Tensor] {
    try call(arguments, capacity: capacity)
  }

  private func call(_ arguments: [Argument], capacity: Int) throws(HoldfastError) -> [Tensor] {
    guard let pointer else {
      throw .internalError("this libtorch has no operator \(name).\(overload)")
    }
    var arena = ArgumentArena()
    let values = arguments.map { arena.value(for: $0) }
    var outputs = [OpaquePointer?](repeating: nil, count: capacity)
    var produced = 0
    let status = withExtendedLifetime(arguments) {
      ct_call(pointer, values, values.count, &outputs, capacity, &produced)
    }
    arena.free()
    try check(status)
    return outputs.prefix(produced).compactMap { $0.map(Tensor.init(owning:)) }
  }
}

/// Keeps the lists and strings of one call alive while C reads them.
private struct ArgumentArena {
  private var allocations: [UnsafeMutableRawPointer] = []

  mutating func value(for argument: Argument) -> ct_value {
    var value = ct_value()
    switch argument {
    case .none, .optional(nil):
      value.kind = Int32(CT_NONE.rawValue)
    case .tensor(let tensor), .optional(let tensor?):
      value.kind = Int32(CT_TENSOR.rawValue)
      // Alive through the `withExtendedLifetime(arguments)` around the call.
      value.tensor = tensor.handle.withRaw { $0 }
    case .int(let number):
      value.kind = Int32(CT_INTEGER.rawValue)
      value.integer = Int64(number)
    case .real(let number):
      value.kind = Int32(CT_REAL.rawValue)
      value.real = number
    case .bool(let flag):
      value.kind = Int32(CT_BOOLEAN.rawValue)
      value.integer = flag ? 1 : 0
    case .string(let text):
      value.kind = Int32(CT_STRING.rawValue)
      value.list = store(Array(text.utf8CString))
    case .ints(let numbers):
      value.kind = Int32(CT_INTEGERS.rawValue)
      value.list = store(numbers.map(Int64.init))
      value.count = numbers.count
    case .tensors(let tensors):
      value.kind = Int32(CT_TENSORS.rawValue)
      value.list = store(tensors.map { $0.handle.withRaw { $0 } })
      value.count = tensors.count
    case .dtype(let type):
      value.kind = Int32(CT_DTYPE.rawValue)
      value.integer = Int64(type.code)
    case .device(let device):
      value.kind = Int32(CT_DEVICE.rawValue)
      value.integer = device.code.kind
      value.count = device.code.index
    }
    return value
  }

  private mutating func store<Element: BitwiseCopyable>(_ list: [Element]) -> UnsafeRawPointer {
    let bytes = max(list.count * MemoryLayout<Element>.stride, 1)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16)
    list.withUnsafeBytes { source in
      if let base = source.baseAddress { memory.copyMemory(from: base, byteCount: source.count) }
    }
    allocations.append(memory)
    return UnsafeRawPointer(memory)
  }

  func free() {
    for memory in allocations { memory.deallocate() }
  }
}
