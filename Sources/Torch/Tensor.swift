import Basics
import Foundation
internal import CTorch

/// Owns one reference to a libtorch tensor and gives it back when the last copy is gone.
final class TensorHandle: @unchecked Sendable {
  // The pointer never leaves `withRaw`: a call such as `use(Handle().raw)` would release the
  // tensor before the C function runs.
  private let raw: OpaquePointer

  init(owning raw: OpaquePointer) { self.raw = raw }

  deinit { ct_release(raw) }

  func withRaw<R, E: Error>(_ body: (OpaquePointer) throws(E) -> R) throws(E) -> R {
    defer { withExtendedLifetime(self) {} }
    return try body(raw)
  }
}

/// An n-dimensional array on a device.
///
/// A value over a shared, reference-counted libtorch tensor: copies are cheap and share memory.
/// Operators return new tensors or views; the few that change memory in place are named so
/// (`copy(from:)`, `fill(with:)`). Layouts are PyTorch's.
public struct Tensor: Sendable {
  let handle: TensorHandle

  init(owning raw: OpaquePointer) { handle = TensorHandle(owning: raw) }

  /// The size of each dimension; empty for a scalar.
  public var shape: [Int] {
    handle.withRaw { raw in
      let rank = Int(ct_rank(raw))
      return [Int64](unsafeUninitializedCapacity: rank) { buffer, count in
        if let base = buffer.baseAddress { ct_sizes(raw, base) }
        count = rank
      }.map(Int.init)
    }
  }

  /// The number of dimensions.
  public var rank: Int { handle.withRaw { Int(ct_rank($0)) } }

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// The type of the elements; nil for one that holdfast does not use.
  public var dtype: DType? {
    let code = handle.withRaw { ct_dtype_of($0) }
    return DType.allCases.first { $0.code == code }
  }

  public var device: Device {
    var kind: Int32 = 0
    var index: Int32 = 0
    handle.withRaw { ct_device_of($0, &kind, &index) }
    switch UInt32(bitPattern: kind) {
    case CT_CUDA.rawValue: return .cuda(Int(index))
    case CT_MPS.rawValue: return .mps
    default: return .cpu
    }
  }
}

// MARK: - Host memory

extension Tensor {
  /// A tensor on the CPU with the given elements, row-major.
  ///
  /// - Parameter shape: The size of each dimension; the product is the number of elements.
  public init<Element: TensorElement>(_ elements: [Element], shape: [Int]) throws(HoldfastError) {
    let raw = elements.withUnsafeBytes { bytes in
      Result { () throws(HoldfastError) in
        try Self.make(bytes, Element.dtype, shape)
      }
    }
    self.init(owning: try raw.get())
  }

  /// A tensor on the CPU with one dimension.
  public init<Element: TensorElement>(_ elements: [Element]) throws(HoldfastError) {
    try self.init(elements, shape: [elements.count])
  }

  /// A tensor on the CPU, copied from bytes that hold its elements row-major.
  public init(
    bytes: UnsafeRawBufferPointer, dtype: DType, shape: [Int]
  ) throws(HoldfastError) {
    self.init(owning: try Self.make(bytes, dtype, shape))
  }

  /// A tensor on the CPU over bytes of somebody else, which must not be written to.
  ///
  /// They hold its elements row-major, aligned to an element, and stay where they are while `owner`
  /// lives.
  public init(
    borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject, dtype: DType, shape: [Int]
  ) throws(HoldfastError) {
    var out: OpaquePointer?
    let sizes = shape.map(Int64.init)
    try check(
      ct_borrow_host(
        bytes.baseAddress, bytes.count, dtype.code, sizes, sizes.count,
        { if let owner = $0 { Unmanaged<AnyObject>.fromOpaque(owner).release() } },
        Unmanaged.passRetained(owner).toOpaque(), &out))
    guard let out else { throw .internalError("libtorch gave no tensor") }
    self.init(owning: out)
  }

  private static func make(
    _ bytes: UnsafeRawBufferPointer, _ dtype: DType, _ shape: [Int]
  ) throws(HoldfastError) -> OpaquePointer {
    var out: OpaquePointer?
    let sizes = shape.map(Int64.init)
    try check(ct_from_host(bytes.baseAddress, bytes.count, dtype.code, sizes, sizes.count, &out))
    guard let out else { throw .internalError("libtorch gave no tensor") }
    return out
  }

  /// The elements, row-major, converted to the Swift type.
  public func elements<Element: TensorElement>(
    as type: Element.Type = Element.self
  ) throws(HoldfastError) -> [Element] {
    // Moved before it is converted: an Apple GPU has no float64.
    let source = try to(.cpu).to(Element.dtype)
    let count = source.count
    var status = CT_OK
    let result = [Element](unsafeUninitializedCapacity: count) { buffer, filled in
      status = source.handle.withRaw {
        ct_to_host($0, buffer.baseAddress, count * Element.dtype.size)
      }
      filled = status == CT_OK ? count : 0
    }
    try check(status)
    return result
  }

  /// The single element of a scalar tensor, or of one with one element.
  public func item() throws(HoldfastError) -> Double {
    guard let value = try elements(as: Double.self).first else {
      throw .internalError("an empty tensor has no item")
    }
    return value
  }

  /// Lends the bytes of a contiguous CPU tensor.
  public func withBytes<R>(
    _ body: (UnsafeRawBufferPointer) throws(HoldfastError) -> R
  ) throws(HoldfastError) -> R {
    let count = self.count * (dtype?.size ?? 0)
    return try handle.withRaw { (raw) throws(HoldfastError) in
      var address: UnsafeMutableRawPointer?
      try check(ct_host_pointer(raw, &address))
      return try body(UnsafeRawBufferPointer(start: address, count: count))
    }
  }

  /// Lends the bytes of a contiguous CPU tensor for writing.
  public func withMutableBytes<R>(
    _ body: (UnsafeMutableRawBufferPointer) throws(HoldfastError) -> R
  ) throws(HoldfastError) -> R {
    let count = self.count * (dtype?.size ?? 0)
    return try handle.withRaw { (raw) throws(HoldfastError) in
      var address: UnsafeMutableRawPointer?
      try check(ct_host_pointer(raw, &address))
      return try body(UnsafeMutableRawBufferPointer(start: address, count: count))
    }
  }
}
