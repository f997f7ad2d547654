internal import CTorch

/// Where a tensor lives.
///
/// There is no global default: a run is told its device and passes it down.
public enum Device: Hashable, Sendable {
  case cpu
  /// An NVIDIA GPU, counted from 0.
  case cuda(Int)
  /// The GPU of an Apple machine.
  case mps

  /// Reads `cpu`, `cuda`, `cuda:1` or `mps`.
  public init?(_ text: String) {
    switch text {
    case "cpu": self = .cpu
    case "mps": self = .mps
    case "cuda": self = .cuda(0)
    default:
      guard text.hasPrefix("cuda:"), let index = Int(text.dropFirst(5)), (0..<64).contains(index)
      else { return nil }
      self = .cuda(index)
    }
  }

  /// The best device of this machine: a GPU where libtorch has one, else the CPU.
  public static var automatic: Device {
    if Machine.cudaDevices > 0 { return .cuda(0) }
    return Machine.hasMPS ? .mps : .cpu
  }

  /// Whether libtorch can use this device here.
  public var isAvailable: Bool {
    switch self {
    case .cpu: return true
    case .cuda(let index): return index < Machine.cudaDevices
    case .mps: return Machine.hasMPS
    }
  }

  var code: (kind: Int64, index: Int) {
    switch self {
    case .cpu: return (Int64(CT_CPU.rawValue), 0)
    case .cuda(let index): return (Int64(CT_CUDA.rawValue), index)
    case .mps: return (Int64(CT_MPS.rawValue), 0)
    }
  }
}

extension Device: CustomStringConvertible {
  public var description: String {
    switch self {
    case .cpu: return "cpu"
    case .cuda(let index): return "cuda:\(index)"
    case .mps: return "mps"
    }
  }
}
