import Foundation

/// The golden files that `Tests/Fixtures` holds, made by its Python scripts.
public enum Fixtures {
  /// The absolute path of a file or folder under `Tests/Fixtures`.
  public static func path(_ name: String, file: String = #filePath) -> String {
    let tests = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
    return tests.appendingPathComponent("Fixtures").appendingPathComponent(name).path
  }

  /// The bytes of a file under `Tests/Fixtures`.
  public static func data(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path(name)))
  }
}
