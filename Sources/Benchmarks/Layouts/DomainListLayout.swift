import Basics
import Foundation

/// DomainNet's layout: `<domain>/<class>/` folders and lists `<domain>_{train,val,test}.txt`.
///
/// Lists stand at the root or under `splits/`; a line is `real/whale/real_333_000001.jpg 332`. The
/// path is the root, which opens every domain, or `root/<domain>`. Labels are those of the lists,
/// class names the folders of the listed images (Peng et al., "Moment matching for multi-source
/// domain adaptation", ICCV 2019).
struct DomainListLayout: DatasetLayout {
  let kind = "domainnet"
  let looks = "<domain>/<class>/*.jpg with lists <domain>_train.txt and <domain>_test.txt"

  func recognises(_ path: String) -> Bool {
    guard let place = try? locate(path) else { return false }
    return !place.lists.isEmpty
  }

  func open(_ request: DatasetRequest) throws(HoldfastError) -> [Dataset] {
    try open(request, title: nil, kind: kind)
  }

  /// Opens the domains under another title and kind, for data sets that borrow the layout.
  func open(
    _ request: DatasetRequest, title: String?, kind: String
  ) throws(HoldfastError) -> [Dataset] {
    let place = try locate(request.path)
    guard !place.lists.isEmpty else {
      throw .badData(
        "\(request.path): there are no lists <domain>_train.txt or <domain>_test.txt beside a "
          + "folder of that domain",
        remedy: "Put DomainNet's lists into its root or into splits/.")
    }
    let title = title ?? lastName(place.root)
    var entries: [String: [DomainList.Entry]] = [:]
    var classes = DomainClasses()
    // A domain may lack a class, so the names come from all lists.
    for list in place.lists {
      let read = try DomainList.read(list.path)
      for entry in read { try classes.add(entry, list: list.path) }
      if place.domain == nil || place.domain == list.domain { entries[list.path] = read }
    }
    let names = try classes.names(root: place.root)
    var sets: [Dataset] = []
    for domain in place.domain.map({ [$0] }) ?? place.domains {
      let own = place.lists.filter { $0.domain == domain }
      let chosen = try SplitName.chosen(
        for: request.purpose, forced: request.split, among: Set(own.map(\.split)),
        of: joined(place.root, domain))
      guard !chosen.isEmpty else { continue }
      var rows: [(sample: Dataset.Sample, list: String, line: Int)] = []
      for list in own where chosen.contains(list.split) {
        for entry in entries[list.path] ?? [] {
          rows.append(
            (
              Dataset.Sample(path: entry.path, label: entry.label, domain: domain), list.path,
              entry.line
            ))
        }
      }
      guard !rows.isEmpty else {
        throw .badData(
          "\(place.root): the \(chosen.joined(separator: ", ")) list of \(domain) is empty",
          remedy: "Fetch the list again.")
      }
      try ListCheck.check(rows, root: place.root)
      sets.append(
        Dataset(
          name: title + "/" + domain, kind: kind,
          rule: "the label is the number in the domain's list; the class name is the image's "
            + "folder with underscores as spaces",
          split: chosen.count == 1 ? chosen[0] : SplitName.all, root: place.root,
          classes: names.map(readable), samples: rows.map(\.sample)))
    }
    return sets
  }

  /// A root with its lists, and the domain that the path names if it names one.
  private struct Place {
    var root: String
    var domain: String?
    var lists: [(domain: String, split: String, path: String)]
    var domains: [String] { Set(lists.map(\.domain)).sorted(by: precedesInBytes) }
  }

  private func locate(_ path: String) throws(HoldfastError) -> Place {
    var path = path.hasSuffix("/*") ? String(path.dropLast(2)) : path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    let whole = try lists(root: path)
    let parent = (path as NSString).deletingLastPathComponent
    guard whole.isEmpty else { return Place(root: path, lists: whole) }
    let root = parent.isEmpty ? "." : parent
    let domain = lastName(path)
    guard let above = try? lists(root: root), above.contains(where: { $0.domain == domain })
    else { return Place(root: path, lists: []) }
    return Place(root: root, domain: domain, lists: above)
  }

  /// The lists at a root whose domain has a folder there.
  private func lists(
    root: String
  ) throws(HoldfastError) -> [(domain: String, split: String, path: String)] {
    let listing = try FolderListing(root)
    var files = listing.files.map { (name: $0, path: joined(root, $0)) }
    if listing.folders.contains("splits") {
      let splits = joined(root, "splits")
      files += try FolderListing(splits).files.map { ($0, joined(splits, $0)) }
    }
    var lists: [(domain: String, split: String, path: String)] = []
    for (name, path) in files where name.hasSuffix(".txt") {
      let stem = name.dropLast(4)
      guard let mark = stem.lastIndex(of: "_") else { continue }
      let split = String(stem[stem.index(after: mark)...])
      let domain = String(stem[..<mark])
      guard [SplitName.train, SplitName.validation, SplitName.test].contains(split),
        listing.folders.contains(domain),
        !lists.contains(where: { $0.domain == domain && $0.split == split })
      else { continue }
      lists.append((domain, split, path))
    }
    return lists
  }
}
