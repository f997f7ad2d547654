import Basics

/// A list file of one domain and split, by its name `<domain>_<split>.txt`.
struct DomainListFile: Hashable, Sendable {
  var domain: String
  /// In its canonical spelling; `crossval` is `val`.
  var split: String
  var path: String

  /// The lists in some folders; a domain's split is taken from the first folder that has it.
  ///
  /// - Parameters:
  ///   - folders: Those that are not there have no lists.
  ///   - suffix: What stands before `.txt`, as `_kfold` in PACS' `sketch_train_kfold.txt`.
  ///   - domains: Other domains' lists are none.
  static func find(
    in folders: [String], suffix: String = "", domains: some Collection<String>
  ) -> [DomainListFile] {
    var found: [DomainListFile] = []
    for folder in folders {
      guard let listing = try? FolderListing(folder) else { continue }
      for name in listing.files where name.hasSuffix(suffix + ".txt") {
        let stem = name.dropLast(suffix.count + 4)
        guard let mark = stem.lastIndex(of: "_") else { continue }
        let word = String(stem[stem.index(after: mark)...])
        let list = DomainListFile(
          domain: String(stem[..<mark]),
          split: word == "crossval" ? SplitName.validation : SplitName.canonical(word),
          path: joined(folder, name))
        guard
          [SplitName.train, SplitName.validation, SplitName.test].contains(list.split),
          domains.contains(list.domain),
          !found.contains(where: { $0.domain == list.domain && $0.split == list.split })
        else { continue }
        found.append(list)
      }
    }
    return found
  }
}
