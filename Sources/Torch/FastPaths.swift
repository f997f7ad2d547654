import Basics

/// Whether holdfast's own kernels stand in for libtorch's operators where both can do the work.
///
/// They give the same numbers up to rounding, which tests hold. `--exact` switches them off, to tell
/// them apart where a number is in doubt.
public enum FastPaths {
  /// True unless a scope says otherwise; the value belongs to the calling thread or task.
  @TaskLocal public static var areOn = true

  /// Runs a body through libtorch's operators alone.
  public static func off<R>(
    _ body: () throws(HoldfastError) -> R
  ) throws(HoldfastError) -> R {
    try $areOn.withValue(false) {
      Result { () throws(HoldfastError) in try body() }
    }.get()
  }
}
