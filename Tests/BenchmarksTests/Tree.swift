import Basics
import Foundation

/// Writes empty files (or texts) at paths under a folder.
func plant(_ root: String, _ paths: String...) throws {
  for path in paths { try plant(root, path, text: "") }
}

/// Writes one file with a text.
func plant(_ root: String, _ path: String, text: String) throws {
  try AtomicFile.write(text, to: root + "/" + path)
}
