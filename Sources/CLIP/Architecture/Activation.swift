import Basics
import Torch

/// The nonlinearity of a transformer's MLP; it belongs to the weights and is never guessed.
public enum Activation: String, Hashable, Sendable, Codable {
  /// x · σ(1.702 x): all of OpenAI's weights.
  case quickGELU = "quick_gelu"
  /// x · Φ(x): most of LAION's and DataComp's weights.
  case gelu

  func callAsFunction(_ input: Tensor) throws(HoldfastError) -> Tensor {
    switch self {
    case .quickGELU: return try input.quickGELU()
    case .gelu: return try input.gelu()
    }
  }

  /// The same nonlinearity inside a fused block.
  var fused: FusedTransformerBlock.Activation {
    switch self {
    case .quickGELU: .quickGELU
    case .gelu: .gelu
    }
  }
}
