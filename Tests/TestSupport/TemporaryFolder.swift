import Foundation

/// Runs a test body in a fresh folder that is removed afterwards.
public func withTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
  let path = NSTemporaryDirectory() + "holdfast-test-" + UUID().uuidString
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}
