import Basics
import Foundation

/// iWildCam2020-WILDS, version 2.0: animals in front of camera traps, scored by macro-F1.
///
/// `metadata.csv` has the columns `split`, `y`, `filename` and `location_remapped`; the images lie
/// in `train/` whatever their split (Beery et al. 2020, arXiv 2004.10340; Koh et al. 2021).
struct WildCamLayout: DatasetLayout {
  let kind = "iwildcam"
  let looks = "metadata.csv with columns split, y, filename and location_remapped beside train/"
  let ownTestSplit: String? = WildsSplit.idTest.rawValue

  private static let table = "metadata.csv"
  private static let columns = ["split", "y", "filename", "location_remapped"]
  private static let classCount = 182
  private static let counts: [WildsSplit: Int] = [
    .train: 129_809, .val: 14_961, .test: 42_791, .idVal: 7_314, .idTest: 8_154,
  ]

  func recognises(_ path: String) -> Bool {
    let table = joined(path, Self.table)
    guard let listing = try? FolderListing(path), listing.files.contains(Self.table),
      let header = try? MetadataTable.header(table)
    else { return false }
    return Self.columns.allSatisfy(header.contains)
  }

  func open(_ request: DatasetRequest) throws(HoldfastError) -> [Dataset] {
    let root = request.path
    let splits = try WildsSplit.chosen(request)
    var table = try MetadataTable(joined(root, Self.table), columns: Self.columns)
    var rows: [ListCheck.Row] = []
    while let row = try table.next() {
      guard let split = WildsSplit(rawValue: row.fields[0]) else {
        throw .badData(
          "\(table.source):\(row.line): there is no split '\(excerpt(row.fields[0]))'",
          remedy: "Fetch the table again.")
      }
      guard let label = Int(row.fields[1]), (0..<Self.classCount).contains(label) else {
        throw .badData(
          "\(table.source):\(row.line): y is '\(excerpt(row.fields[1]))', not a class from 0 to "
            + "\(Self.classCount - 1)", remedy: "Use version 2.0 of the data set.")
      }
      guard splits.contains(split) else { continue }
      guard let file = confined(row.fields[2]), !row.fields[2].hasPrefix("/") else {
        throw .badData(
          "\(table.source):\(row.line): the file name '\(excerpt(row.fields[2]))' leaves the folder "
            + "of images", remedy: "Fetch the table again.")
      }
      let sample = Dataset.Sample(path: "train/" + file, label: label, group: row.fields[3])
      rows.append((sample, table.source, row.line))
    }
    let found = try ListCheck.present(rows, root: root, allowMissing: request.allowMissing)
    let names = try classNames(root)
    return [
      Dataset(
        name: lastName(root), kind: kind,
        rule: "the label is y of metadata.csv; the class name is "
          + (names.source.map { "that of y in \($0)" } ?? "its number, for want of categories.csv"),
        split: WildsSplit.name(of: splits), root: root, classes: names.classes,
        samples: found.samples,
        expectedImages: splits.reduce(0) { $0 + (Self.counts[$1] ?? 0) },
        metrics: [.macroF1, .top1], missingFiles: found.missing)
    ]
  }

  /// The names in a table beside the metadata, and which table it was.
  ///
  /// `labels.csv` is the one that WiSE-FT ships, which has names in English and rows beyond the
  /// classes; `categories.csv` names species in Latin.
  private func classNames(
    _ root: String
  ) throws(HoldfastError) -> (classes: [String], source: String?) {
    let files = try FolderListing(root).files
    for source in ["labels.csv", "categories.csv"] where files.contains(source) {
      let path = joined(root, source)
      let header = try MetadataTable.header(path)
      guard header.contains("y"),
        let column = ["english", "name"].first(where: header.contains)
      else { continue }
      var table = try MetadataTable(path, columns: ["y", column])
      var names = [String?](repeating: nil, count: Self.classCount)
      while let row = try table.next() {
        guard let label = Int(row.fields[0]), names.indices.contains(label) else { continue }
        guard names[label] == nil else {
          throw .badData(
            "\(path):\(row.line): y \(label) has a name in an earlier line",
            remedy: "Keep one of the two lines.")
        }
        names[label] = readable(row.fields[1]).lowercased()
      }
      if let lacking = names.firstIndex(where: { $0?.isEmpty ?? true }) {
        throw .badData("\(path): y \(lacking) has no name", remedy: "Fetch the table again.")
      }
      return (names.compactMap { $0 }, source)
    }
    return ((0..<Self.classCount).map { "class \($0)" }, nil)
  }
}
