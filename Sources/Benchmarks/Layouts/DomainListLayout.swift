import Basics
import Foundation

/// DomainNet: `<domain>/<class>/` folders with lists `<domain>_{train,val,test}.txt` or without.
///
/// Lists stand at the root or under `splits/`; a line is `real/whale/real_333_000001.jpg 332`. The
/// path is the root, which opens every domain, or `root/<domain>`. Labels are those of the lists,
/// class names the folders of the listed images (Peng et al., "Moment matching for multi-source
/// domain adaptation", ICCV 2019). `?classes=40` reads the lists `<domain>_{train,test}_mini.txt`
/// of SENTRY's 40 classes, which are also taken where there are no others. Without any list the
/// labels are those of the file names; see `DomainNetFolders`.
struct DomainListLayout: DatasetLayout {
  let kind = "domainnet"
  let looks =
    "<domain>/<class>/*.jpg with lists <domain>_train.txt and <domain>_test.txt, or three of "
    + "DomainNet's domains without lists"
  let options = ["classes"]

  func recognises(_ path: String) -> Bool {
    switch (try? DomainNetPlace(path, classes: nil))?.form {
    case .lists, .fewClasses: return true
    case .folders(let domains): return domains.count > 2
    case nil: return false
    }
  }

  func open(_ request: DatasetRequest) throws(HoldfastError) -> [Dataset] {
    try open(request, title: nil, kind: kind)
  }

  /// Opens the domains under another title and kind, for data sets that borrow the layout.
  func open(
    _ request: DatasetRequest, title: String?, kind: String
  ) throws(HoldfastError) -> [Dataset] {
    let classes = request.options["classes"]
    guard let place = try DomainNetPlace(request.path, classes: classes) else {
      throw .badData(
        "\(request.path): there are no lists <domain>_train"
          + (classes == "40" ? "_mini" : "") + ".txt or <domain>_test"
          + (classes == "40" ? "_mini" : "") + ".txt beside a folder of that domain",
        remedy: "Put DomainNet's lists into its root or into splits/, those of 40 classes into "
          + "\(DomainNet.fewClassesFolder)/.")
    }
    let name = lastName(place.root)
    switch place.form {
    case .lists(let lists):
      let isDomainNet = title == nil
      return try open(
        lists, of: place, for: request, title: title ?? name, kind: kind, rule: "the domain's list",
        published: { isDomainNet ? DomainNet.published($0, split: $1) : [] })
    case .fewClasses(let lists):
      return try open(
        lists, of: place, for: request, title: "\(name)-\(DomainNet.fewClasses)", kind: kind,
        rule: "the domain's list of the split with \(DomainNet.fewClasses) classes (SENTRY)",
        published: { _, _ in [] })
    case .folders(let domains):
      return try DomainNetFolders(root: place.root, domains: domains)
        .open(request, domain: place.domain, title: name, kind: kind)
    }
  }

  private func open(
    _ lists: [DomainListFile], of place: DomainNetPlace, for request: DatasetRequest,
    title: String, kind: String, rule: String, published: (String, String) -> [Int]
  ) throws(HoldfastError) -> [Dataset] {
    var entries: [String: [DomainList.Entry]] = [:]
    var classes = DomainClasses()
    // A domain may lack a class, so the names come from all lists.
    for list in lists {
      let read = try DomainList.read(list.path)
      for entry in read {
        try classes.add(
          label: entry.label, folder: entry.folder, source: "\(list.path):\(entry.line)")
      }
      if place.domain == nil || place.domain == list.domain { entries[list.path] = read }
    }
    let names = try classes.names(
      root: place.root, source: "list", allowMissing: request.allowMissing)
    var sets: [Dataset] = []
    for domain in place.domain.map({ [$0] })
      ?? Set(lists.map(\.domain)).sorted(by: precedesInBytes)
    {
      let own = lists.filter { $0.domain == domain }
      let chosen = try SplitName.chosen(
        for: request.purpose, forced: request.split, among: Set(own.map(\.split)),
        of: joined(place.root, domain))
      guard !chosen.isEmpty else { continue }
      var rows: [ListCheck.Row] = []
      for list in own where chosen.contains(list.split) {
        for entry in entries[list.path] ?? [] {
          let sample = Dataset.Sample(path: entry.path, label: entry.label, domain: domain)
          rows.append((sample, list.path, entry.line))
        }
      }
      guard !rows.isEmpty else {
        throw .badData(
          "\(place.root): the \(chosen.joined(separator: ", ")) list of \(domain) is empty",
          remedy: "Fetch the list again.")
      }
      if chosen.count > 1 { rows = ListCheck.once(rows) }
      let found = try ListCheck.present(
        rows, root: place.root, allowMissing: request.allowMissing)
      let split = chosen.count == 1 ? chosen[0] : SplitName.all
      let counts =
        names.folders.count == DomainNet.classCount && Self.isOfficial(split, among: own)
        ? published(domain, split) : []
      sets.append(
        Dataset(
          name: title + "/" + domain, kind: kind,
          rule: "the label is the number in \(rule); the class name is the image's folder with "
            + "underscores as spaces",
          split: split, root: place.root, classes: names.folders.map(readable),
          samples: found.samples,
          expectedImages: PublishedCount.expected(among: counts, found: rows.count) ?? rows.count,
          conditions: names.conditions.merging(ListCheck.conditions(found.missing)) { $1 },
          missingFiles: found.missing))
    }
    return sets
  }

  /// Whether a split of a domain's lists can be held against the published one: a validation list
  /// is cut from the train list, and all is both of the official lists.
  private static func isOfficial(_ split: String, among lists: [DomainListFile]) -> Bool {
    let splits = Set(lists.map(\.split))
    switch split {
    case SplitName.train: return !splits.contains(SplitName.validation)
    case SplitName.all: return splits.isSuperset(of: [SplitName.train, SplitName.test])
    default: return true
    }
  }
}
