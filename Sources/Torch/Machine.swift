import Basics
import Foundation
internal import CTorch

/// Facts about libtorch and the machine, and the number of threads libtorch computes with.
public enum Machine {
  /// libtorch's version, `2.13.0` for example.
  public static var libtorchVersion: String { String(cString: ct_torch_version()) }

  /// The number of CUDA devices that libtorch sees.
  public static var cudaDevices: Int { Int(ct_cuda_device_count()) }

  /// Whether libtorch can use an Apple GPU.
  public static var hasMPS: Bool { ct_mps_available() }

  /// The number of threads that libtorch's operators use on the calling thread.
  public static var threads: Int {
    get { Int(ct_threads()) }
    set { ct_set_threads(Int32(clamping: max(newValue, 1))) }
  }

  /// Calls a body for each of `0..<count` on all threads that libtorch computes with; what it calls of
  /// libtorch's operators computes on its thread alone.
  ///
  /// For work of which many independent pieces are there, each of operators so small that threads would
  /// mostly wait for one another. Gradient mode and precision belong to a thread, so that a body must
  /// state them; whether fast paths are taken is as it is for the caller.
  ///
  /// - Returns: What the body gave, in the order of the numbers.
  /// - Throws: The error of the smallest number whose body threw; the others have run all the same.
  public static func concurrently<R: Sendable>(
    _ count: Int, _ body: @Sendable (Int) throws(HoldfastError) -> R
  ) throws(HoldfastError) -> [R] {
    let areFast = FastPaths.areOn
    var results = [Result<R, HoldfastError>?](repeating: nil, count: count)
    let status = results.withUnsafeMutableBufferPointer { places in
      // Each place is written by one thread, and none is read before all have returned.
      nonisolated(unsafe) let places = places
      return withoutActuallyEscaping(body) { body in
        let work = ConcurrentWork { index in
          places[index] = Result { () throws(HoldfastError) in
            try FastPaths.within(areFast) { () throws(HoldfastError) in try body(index) }
          }
        }
        return withExtendedLifetime(work) {
          ct_concurrently(
            Int64(count),
            { index, context in
              guard let context else { return }
              Unmanaged<ConcurrentWork>.fromOpaque(context).takeUnretainedValue().run(Int(index))
            }, Unmanaged.passUnretained(work).toOpaque())
        }
      }
    }
    try check(status)
    var values: [R] = []
    for result in results {
      guard let result else { throw .internalError("a piece of concurrent work did not run") }
      values.append(try result.get())
    }
    return values
  }

  /// Lets the C library keep memory that was freed, up to half a gigabyte, instead of giving it back to
  /// the system, which clears every page before it is used again: some per cent of a training step.
  ///
  /// For a program to call at its start; a library leaves this to its program. glibc's own settings in
  /// the environment (`MALLOC_TRIM_THRESHOLD_`, `MALLOC_MMAP_THRESHOLD_`) win, and other C libraries do
  /// as they do.
  public static func keepFreedMemory() {
    let environment = ProcessInfo.processInfo.environment
    guard environment["MALLOC_TRIM_THRESHOLD_"] == nil,
      environment["MALLOC_MMAP_THRESHOLD_"] == nil
    else { return }
    ct_keep_freed_memory()
  }

  /// Checks that `libctorch.so` was compiled from the header this program was compiled with.
  ///
  /// - Throws: `HoldfastError` of kind `internalError`.
  public static func checkNativeLibrary() throws(HoldfastError) {
    guard ct_abi_version() == CT_ABI_VERSION else {
      throw HoldfastError(
        .internalError,
        "libctorch.so speaks version \(ct_abi_version()) of the C interface, "
          + "this program version \(CT_ABI_VERSION)",
        remedy: "Run make build, which compiles both from the same header.")
    }
  }
}

/// A closure that C can point to.
private final class ConcurrentWork {
  let run: (Int) -> Void

  init(_ run: @escaping (Int) -> Void) {
    self.run = run
  }
}

/// Turns a status of the C interface into an error.
func check(_ status: ct_status) throws(HoldfastError) {
  if status == CT_OK { return }
  let message = String(cString: ct_last_error())
  let line = message.split(whereSeparator: \.isNewline).first.map(String.init) ?? message
  if status == CT_OUT_OF_MEMORY {
    throw HoldfastError(
      .outOfMemory, "out of memory: \(line)",
      remedy: "Lower --batch-size, or free memory on the device.")
  }
  throw .internalError("libtorch: \(line)")
}
