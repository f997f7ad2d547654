import Basics
internal import CTorch

/// Runs a body on this thread without recording operations for differentiation.
@available(*, noasync, message: "Gradient mode belongs to a thread; keep the scope synchronous.")
public func withoutGradients<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
  let before = ct_gradients_enabled()
  ct_set_gradients_enabled(false)
  defer { ct_set_gradients_enabled(before) }
  return try body()
}

/// Runs a body on this thread with matrix products in a narrower type, where libtorch knows it to
/// be safe ("automatic mixed precision"); float32 runs it as it is.
///
/// Scopes do not nest: the end of an inner one ends the outer one too.
@available(*, noasync, message: "Autocast belongs to a thread; keep the scope synchronous.")
public func withPrecision<R>(
  _ dtype: DType, on device: Device, _ body: () throws(HoldfastError) -> R
) throws(HoldfastError) -> R {
  guard dtype != .float32 else { return try body() }
  let kind = Int32(device.code.kind)
  try check(ct_set_autocast(true, kind, dtype.code))
  defer { _ = ct_set_autocast(false, kind, dtype.code) }
  // Holdfast's own kernels compute in float32, whatever is asked for here.
  return try FastPaths.off(body)
}

extension Tensor {
  /// Adds this scalar's gradient to the buffers of the leaves it was computed from.
  public func backward() throws(HoldfastError) {
    try handle.withRaw { (raw) throws(HoldfastError) in try check(ct_backward(raw)) }
  }

  /// A leaf of the graph that shares this tensor's memory and gathers its gradient in `gradient`.
  func leaf(gradient: Tensor) throws(HoldfastError) -> Tensor {
    let leaf = try detached()
    try leaf.handle.withRaw { (raw) throws(HoldfastError) in
      try gradient.handle.withRaw { (target) throws(HoldfastError) in
        try check(ct_make_leaf(raw, target))
      }
    }
    return leaf
  }
}
