import Basics
import Foundation

/// Where a copy of DomainNet lies, in which form, and the domain that a path names if it names one.
struct DomainNetPlace {
  enum Form {
    /// Lists of all classes.
    case lists([DomainListFile])
    /// The lists of 40 classes.
    case fewClasses([DomainListFile])
    /// Domain folders without lists, as DomainBed has them.
    case folders([String])

    fileprivate func has(_ domain: String) -> Bool {
      switch self {
      case .lists(let lists), .fewClasses(let lists): lists.contains { $0.domain == domain }
      case .folders(let domains): domains.contains(domain)
      }
    }
  }

  var root: String
  var domain: String?
  var form: Form

  /// Looks at a path: a root, `root/*`, `root/<domain>`, or the same with the folder of the lists
  /// of 40 classes for the root.
  ///
  /// - Parameter classes: `40` or `345`, or nil to take what is there, all classes first.
  /// - Returns: Nil where there is nothing of DomainNet.
  /// - Throws: `HoldfastError` of kind `missingInput` if the path is not there, `usage` for another
  ///   number of classes.
  init?(_ path: String, classes: String?) throws(HoldfastError) {
    guard [nil, "\(DomainNet.fewClasses)", "\(DomainNet.classCount)"].contains(classes) else {
      throw .usage(
        "'classes=\(classes ?? "")': DomainNet is read with \(DomainNet.classCount) classes or "
          + "with \(DomainNet.fewClasses)",
        remedy: "Write ?classes=\(DomainNet.fewClasses), or leave it away.")
    }
    var path = path.hasSuffix("/*") ? String(path.dropLast(2)) : path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    let parent = (path as NSString).deletingLastPathComponent
    for (folder, domain) in [(path, nil), (parent.isEmpty ? "." : parent, lastName(path))] {
      var (root, classes) = (folder, classes)
      if lastName(folder) == DomainNet.fewClassesFolder, classes != "\(DomainNet.classCount)" {
        let above = (folder as NSString).deletingLastPathComponent
        (root, classes) = (above.isEmpty ? "." : above, "\(DomainNet.fewClasses)")
      }
      guard let form = Self.form(of: root, classes: classes) else { continue }
      if let domain, !form.has(domain) { continue }
      (self.root, self.domain, self.form) = (root, domain, form)
      return
    }
    _ = try FolderListing(path)
    return nil
  }

  private static func form(of root: String, classes: String?) -> Form? {
    guard let listing = try? FolderListing(root) else { return nil }
    let splits = joined(root, "splits")
    if classes != "\(DomainNet.fewClasses)" {
      let lists = DomainListFile.find(in: [root, splits], domains: listing.folders)
      if !lists.isEmpty { return .lists(lists) }
    }
    if classes != "\(DomainNet.classCount)" {
      let lists = DomainListFile.find(
        in: [joined(root, DomainNet.fewClassesFolder), root, splits], suffix: "_mini",
        domains: listing.folders)
      if !lists.isEmpty { return .fewClasses(lists) }
    }
    guard classes != "\(DomainNet.fewClasses)" else { return nil }
    let domains = DomainNet.domains.filter { domain in
      listing.folders.contains(domain)
        && (try? FolderListing(joined(root, domain)))?.folders.isEmpty == false
    }
    return domains.isEmpty ? nil : .folders(domains)
  }
}
