import Basics
import Foundation

/// A benchmark with a folder a domain and a fixed list of classes: PACS, VLCS and their like.
///
/// `<domain>/<class>/` as DomainBed has it, `<domain>/<split>/<class>/` or lists of files as Dassl
/// has them. The path is the root, which opens every domain that is there, or `root/<domain>`.
/// A label is the place of the class folder's name in the benchmark's own list, so that neither a
/// missing folder nor another spelling shifts one.
struct DomainFolderLayout: DatasetLayout {
  let benchmark: DomainBenchmark

  init(_ benchmark: DomainBenchmark) {
    self.benchmark = benchmark
  }

  var kind: String { benchmark.kind }
  var looks: String {
    "<domain>/<class>/*.jpg with domains "
      + benchmark.domains.map(\.name).joined(separator: ", ")
  }

  func recognises(_ path: String) -> Bool {
    guard let place = DomainFolders(path, of: benchmark) else { return false }
    return place.folders.count == benchmark.domains.count
  }

  func open(_ request: DatasetRequest) throws(HoldfastError) -> [Dataset] {
    guard let place = DomainFolders(request.path, of: benchmark) else {
      let path = request.path.hasSuffix("/*") ? String(request.path.dropLast(2)) : request.path
      _ = try FolderListing(path)
      throw .badData(
        "\(path): there is no folder of a domain in it ("
          + benchmark.domains.map(\.name).joined(separator: ", ") + ")",
        remedy: "Give the folder that the domains' folders are in, or one of these.")
    }
    let lists =
      benchmark.listSuffix.map {
        DomainListFile.find(
          in: place.listFolders, suffix: $0, domains: benchmark.domains.map(\.name))
      } ?? []
    var sets: [Dataset] = []
    for domain in benchmark.domains {
      guard place.domain == nil || place.domain == domain.name,
        let folder = place.folders[domain.name]
      else { continue }
      let own = lists.filter { $0.domain == domain.name }
      let set =
        own.isEmpty
        ? try readFolders(of: domain, folder, root: place.base, for: request)
        : try readLists(own, of: domain, root: place.base, for: request)
      if let set { sets.append(set) }
    }
    return sets
  }
}
