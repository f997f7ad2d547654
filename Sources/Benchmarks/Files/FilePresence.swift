import Foundation

/// Which files of a list are there, found by listing each folder once.
struct FilePresence {
  private var known: [String: Set<String>] = [:]

  /// Whether a file is there; a folder that cannot be listed has no files.
  mutating func holds(_ path: String) -> Bool {
    guard let slash = path.lastIndex(of: "/") else { return holds("./" + path) }
    let folder = slash == path.startIndex ? "/" : String(path[..<slash])
    let name = String(path[path.index(after: slash)...])
    if known[folder] == nil {
      known[folder] = (try? FolderListing(folder)).map { Set($0.files) } ?? []
    }
    // Hidden files are not in the listing, but a list may name them.
    return known[folder]?.contains(name) == true || access(path, F_OK) == 0
  }
}
