import Basics
import Foundation

/// FMoW-WILDS, version 1.1: what satellite images show, scored by the worst region.
///
/// `images/rgb_img_<row>.png` is the image of a row of `rgb_metadata.csv`, counted from 0 over all
/// rows, those of the sequestered split `seq` included. Years before 2013 are in distribution,
/// validation is 2013 to 2015 and the test from 2016 on, each within the part of the table of that
/// name (Christie et al. 2018, arXiv 1711.07846; Koh et al. 2021). An image's group is its region,
/// by `country_code_mapping.csv`; countries that have none are in no group, as WILDS leaves them
/// out of the worst region.
struct FunctionalMapLayout: DatasetLayout {
  let kind = "fmow"
  let looks = "rgb_metadata.csv and country_code_mapping.csv beside images/rgb_img_<row>.png"
  let ownTestSplit: String? = WildsSplit.idTest.rawValue

  private static let table = "rgb_metadata.csv"
  private static let mapping = "country_code_mapping.csv"
  private static let counts: [WildsSplit: Int] = [
    .train: 76_863, .val: 19_915, .test: 22_108, .idVal: 11_483, .idTest: 11_327,
  ]

  func recognises(_ path: String) -> Bool {
    guard let listing = try? FolderListing(path) else { return false }
    return listing.files.contains(Self.table) && listing.files.contains(Self.mapping)
  }

  func open(_ request: DatasetRequest) throws(HoldfastError) -> [Dataset] {
    let root = request.path
    let splits = try WildsSplit.chosen(request)
    let regions = try regions(root)
    let labels = Dictionary(
      uniqueKeysWithValues: Self.categories.enumerated().map { ($1, $0) })
    var table = try MetadataTable(
      joined(root, Self.table), columns: ["split", "category", "country_code", "timestamp"])
    var rows: [ListCheck.Row] = []
    var number = -1
    while let row = try table.next() {
      number += 1
      guard let part = Part(rawValue: row.fields[0]) else {
        throw .badData(
          "\(table.source):\(row.line): there is no split '\(excerpt(row.fields[0]))'",
          remedy: "Fetch the table again.")
      }
      guard let label = labels[row.fields[1]] else {
        throw .badData(
          "\(table.source):\(row.line): '\(excerpt(row.fields[1]))' is none of the 62 categories",
          remedy: "Fetch the table again.")
      }
      guard let year = Self.year(row.fields[3]) else {
        throw .badData(
          "\(table.source):\(row.line): '\(excerpt(row.fields[3]))' does not begin with a date",
          remedy: "Fetch the table again.")
      }
      guard let split = part.split(year: year), splits.contains(split) else { continue }
      let sample = Dataset.Sample(
        path: "images/rgb_img_\(number).png", label: label, group: regions[row.fields[2]])
      rows.append((sample, table.source, row.line))
    }
    let found = try ListCheck.present(rows, root: root, allowMissing: request.allowMissing)
    return [
      Dataset(
        name: lastName(root), kind: kind,
        rule: "the label is the rank of the category among the 62 in byte order; the image is "
          + "rgb_img_<row>.png by the row's number in rgb_metadata.csv, from 0",
        split: WildsSplit.name(of: splits), root: root,
        classes: Self.categories.map(readable), samples: found.samples,
        expectedImages: splits.reduce(0) { $0 + (Self.counts[$1] ?? 0) },
        metrics: [.worstGroup, .top1], missingFiles: found.missing)
    ]
  }

  /// The parts of the table, which the years then divide.
  private enum Part: String {
    case train, val, test
    case sequestered = "seq"

    func split(year: Int) -> WildsSplit? {
      switch self {
      case .train: year < 2013 ? .train : nil
      case .val: year < 2013 ? .idVal : year < 2016 ? .val : nil
      case .test: year < 2013 ? .idTest : year < 2016 ? nil : .test
      case .sequestered: nil
      }
    }
  }

  /// The region of each country's three letters.
  private func regions(_ root: String) throws(HoldfastError) -> [String: String] {
    var table = try MetadataTable(
      joined(root, Self.mapping), columns: ["alpha-3", "region"])
    var regions: [String: String] = [:]
    while let row = try table.next() {
      regions[row.fields[0]] = row.fields[1].isEmpty ? nil : row.fields[1]
    }
    return regions
  }

  /// The year of `2017-03-09T04:08:12Z`, a time in UTC.
  private static func year(_ timestamp: String) -> Int? {
    let parts = timestamp.prefix(8).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].isEmpty else {
      return nil
    }
    return Int(parts[0])
  }
}
