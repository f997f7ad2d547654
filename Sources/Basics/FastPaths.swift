import Foundation

/// Whether the process takes its fast paths where a plain one gives the same: holdfast's own
/// kernels beside libtorch's operators, vectorised resizing, decoding of parts, texts at their real
/// length, and whatever is kept to be used again.
///
/// Numbers are the same up to rounding and pixels the same bytes, which tests hold. `--exact`
/// switches the fast paths off, to tell them apart where a number is in doubt.
public enum FastPaths {
  /// What a scope says, for the calling thread or task; nil leaves it to the process.
  @TaskLocal private static var inScope: Bool?

  private static let lock = NSLock()
  nonisolated(unsafe) private static var inProcess = true

  /// Whether they are taken here: as the innermost scope says, else as the process does.
  public static var areOn: Bool { inScope ?? areOnByDefault }

  /// What holds outside of all scopes, on every thread.
  ///
  /// True at first. What lives longer, such as a loader or an optimiser, asks when it is made.
  public static var areOnByDefault: Bool {
    get { lock.withLock { inProcess } }
    set { lock.withLock { inProcess = newValue } }
  }

  /// Runs a body on the plain paths alone.
  public static func off<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    try within(false, body)
  }

  /// Runs a body on the fast paths, whatever holds outside.
  public static func on<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    try within(true, body)
  }

  /// Runs a body with them on or off, whatever holds outside.
  public static func within<R, E: Error>(
    _ areOn: Bool, _ body: () throws(E) -> R
  ) throws(E) -> R {
    try $inScope.withValue(areOn) {
      Result { () throws(E) in try body() }
    }.get()
  }
}
