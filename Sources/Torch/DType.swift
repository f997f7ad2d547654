internal import CTorch

/// The types of a tensor's elements that CLIP and its files need.
public enum DType: String, CaseIterable, Hashable, Sendable, Codable {
  case bool, uint8, int32, int64, float16, bfloat16, float32, float64

  /// The size of one element in bytes.
  public var size: Int {
    switch self {
    case .bool, .uint8: return 1
    case .float16, .bfloat16: return 2
    case .int32, .float32: return 4
    case .int64, .float64: return 8
    }
  }

  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: return true
    case .bool, .uint8, .int32, .int64: return false
    }
  }

  /// The name in a safetensors header, `F32` for example.
  public var safetensorsName: String {
    switch self {
    case .bool: return "BOOL"
    case .uint8: return "U8"
    case .int32: return "I32"
    case .int64: return "I64"
    case .float16: return "F16"
    case .bfloat16: return "BF16"
    case .float32: return "F32"
    case .float64: return "F64"
    }
  }

  public init?(safetensorsName name: String) {
    guard let type = Self.allCases.first(where: { $0.safetensorsName == name }) else { return nil }
    self = type
  }

  /// The number that stands for this type in the C interface.
  var code: Int32 {
    switch self {
    case .bool: return Int32(CT_BOOL.rawValue)
    case .uint8: return Int32(CT_UINT8.rawValue)
    case .int32: return Int32(CT_INT32.rawValue)
    case .int64: return Int32(CT_INT64.rawValue)
    case .float16: return Int32(CT_FLOAT16.rawValue)
    case .bfloat16: return Int32(CT_BFLOAT16.rawValue)
    case .float32: return Int32(CT_FLOAT32.rawValue)
    case .float64: return Int32(CT_FLOAT64.rawValue)
    }
  }
}

/// A Swift type whose memory is that of a tensor's elements.
public protocol TensorElement: BitwiseCopyable, Sendable {
  static var dtype: DType { get }
}

extension Float: TensorElement {
  public static var dtype: DType { .float32 }
}

extension Double: TensorElement {
  public static var dtype: DType { .float64 }
}

extension Int64: TensorElement {
  public static var dtype: DType { .int64 }
}

extension Int32: TensorElement {
  public static var dtype: DType { .int32 }
}

extension UInt8: TensorElement {
  public static var dtype: DType { .uint8 }
}
