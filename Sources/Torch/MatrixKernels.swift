import Basics
internal import CTorch

/// Whose kernels multiply matrices within a fused transformer block.
///
/// MKL uses no more than AVX2 on processors that Intel did not make, so on these holdfast's own
/// kernels do it (`native/Products.cpp`); elsewhere they are libtorch's. `HOLDFAST_PRODUCTS` with one
/// of the names below chooses others, to compare them; `ATEN_CPU_CAPABILITY`, which limits libtorch's
/// operators to an instruction set, limits those of holdfast that are no matrix products.
public enum MatrixKernels: Int, CaseIterable, Sendable {
  case libtorch = 0
  case avx2 = 1
  case avx512 = 2

  /// Those of this processor, or which the environment asks for.
  public static var chosen: MatrixKernels {
    MatrixKernels(rawValue: Int(ct_matrix_kernels())) ?? .libtorch
  }

  /// The product of two matrices `[rows, depth]` and `[depth, columns]` in float32 on the CPU.
  ///
  /// - Throws: `HoldfastError` where the shapes or types do not fit, or this processor lacks the
  ///   kernels.
  public func product(_ left: Tensor, _ right: Tensor) throws(HoldfastError) -> Tensor {
    try Operator.matrixProduct(.tensor(left), .tensor(right), .int(rawValue))
  }

  /// Whether this processor has them.
  public var isAvailable: Bool {
    (try? product(Tensor([1 as Float], shape: [1, 1]), Tensor([1 as Float], shape: [1, 1]))) != nil
  }
}
