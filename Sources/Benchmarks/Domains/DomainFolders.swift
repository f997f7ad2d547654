import Foundation

/// Where the domains' folders of a benchmark lie, and the domain that a path names if it names one.
struct DomainFolders {
  /// The folder that the domains' folders are in; sample paths are relative to it.
  var base: String
  /// The name of the one domain to open.
  var domain: String?
  /// Each domain's folder, by the domain's name.
  var folders: [String: String]
  /// Where list files may lie.
  var listFolders: [String]

  /// What the archives of PACS put around the domains.
  private static let wrappers = ["images", "kfold"]

  /// Looks at a path: a root, `root/*` or `root/<domain>`.
  ///
  /// - Returns: Nil where there is no domain's folder.
  init?(_ path: String, of benchmark: DomainBenchmark) {
    var path = path.hasSuffix("/*") ? String(path.dropLast(2)) : path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    let parent = (path as NSString).deletingLastPathComponent
    let inside = benchmark.domain(lastName(path))?.name
    for (folder, domain) in [(path, nil), (parent.isEmpty ? "." : parent, inside)] {
      if folder != path, domain == nil { continue }
      guard let place = Self.place(in: folder, of: benchmark) else { continue }
      if let domain, place.folders[domain] == nil { continue }
      (base, folders) = place
      self.domain = domain
      // Lists lie beside the images' wrapper, from whichever of the folders one starts.
      var roots = [base]
      while let last = roots.last, Self.wrappers.contains(lastName(last)) {
        let above = (last as NSString).deletingLastPathComponent
        roots.append(above.isEmpty ? "." : above)
      }
      listFolders = roots.flatMap { [joined($0, "splits"), $0] }
      return
    }
    return nil
  }

  private static func place(
    in root: String, of benchmark: DomainBenchmark
  ) -> (base: String, folders: [String: String])? {
    for wrapper in ["", "images", "kfold", "images/kfold"] {
      let base = wrapper.isEmpty ? root : joined(root, wrapper)
      guard let listing = try? FolderListing(base) else { continue }
      var folders: [String: String] = [:]
      for folder in listing.folders {
        guard let domain = benchmark.domain(folder)?.name, folders[domain] == nil else { continue }
        folders[domain] = folder
      }
      if !folders.isEmpty { return (base, folders) }
    }
    return nil
  }
}
