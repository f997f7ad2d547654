import Basics
import Foundation

/// A table with a row an image: columns `filepath` and `label`, optionally `domain` and `split`.
///
/// Labels are indices or names. Relative paths start at the table's folder and may not leave it;
/// absolute paths are taken as they are.
struct TableLayout: DatasetLayout {
  let kind: String
  let separator: UInt8
  var looks: String { "a .\(kind) file with columns filepath and label" }

  func recognises(_ path: String) -> Bool {
    path.lowercased().hasSuffix(".\(kind)")
  }

  func open(_ request: DatasetRequest) throws(HoldfastError) -> [Dataset] {
    let source = request.path
    var reader = SeparatedValues(
      try TextFile.bytes(source), separator: separator, source: source)
    guard let header = try reader.next() else {
      throw .badData(
        "\(source): the file is empty", remedy: "Give it a header line: filepath,label.")
    }
    let columns = try TableColumns(header, source: source)
    var table = LabelTable(source: source)
    var rows: [(line: Int, sample: Dataset.Sample, split: String?)] = []
    while let row = try reader.next() {
      guard row.fields.count == header.fields.count else {
        throw .badData(
          "\(source):\(row.line): \(row.fields.count) fields, the header has "
            + "\(header.fields.count)",
          remedy: "Quote fields that contain the separator.")
      }
      let path = try self.path(row.fields[columns.path], line: row.line, source: source)
      let label = try table.add(
        row.fields[columns.label], name: columns.name.map { row.fields[$0] }, line: row.line)
      rows.append(
        (
          row.line,
          Dataset.Sample(path: path, label: label, domain: columns.domain.map { row.fields[$0] }),
          columns.split.map { SplitName.canonical(row.fields[$0]) }
        ))
    }
    guard !rows.isEmpty else {
      throw .badData("\(source): there are no rows", remedy: "Add a line for each image.")
    }
    var split = SplitName.all
    if columns.split != nil {
      let chosen = try SplitName.chosen(
        for: request.purpose, forced: request.split, among: Set(rows.compactMap(\.split)),
        of: source)
      guard !chosen.isEmpty else { return [] }
      if chosen.count == 1 { split = chosen[0] }
      rows = rows.filter { chosen.contains($0.split ?? "") }
    } else if try !SplitName.wholeServes(request.purpose, forced: request.split, of: source) {
      return []
    }
    let labels = try table.resolved()
    for index in rows.indices {
      rows[index].sample.label = labels.index(rows[index].sample.label)
    }
    let root = (source as NSString).deletingLastPathComponent
    let found = try ListCheck.present(
      rows.map { ($0.sample, source, $0.line) }, root: root.isEmpty ? "." : root,
      allowMissing: request.allowMissing)
    return [
      Dataset(
        name: ((source as NSString).lastPathComponent as NSString).deletingPathExtension,
        kind: kind, rule: labels.rule, split: split, root: root.isEmpty ? "." : root,
        classes: labels.names, samples: found.samples,
        conditions: ListCheck.conditions(found.missing),
        missingFiles: found.missing)
    ]
  }

  private func path(
    _ field: String, line: Int, source: String
  ) throws(HoldfastError) -> String {
    if field.hasPrefix("/"), !field.utf8.contains(0) { return field }
    guard let path = confined(field) else {
      throw .badData(
        field.isEmpty
          ? "\(source):\(line): the path is empty"
          : "\(source):\(line): the path '\(excerpt(field))' leaves the table's folder",
        remedy: "Give paths relative to the table's folder, or absolute ones.")
    }
    return path
  }
}

/// The columns of a table, found by the names in its header.
struct TableColumns {
  var path: Int
  var label: Int
  /// A column of names beside a column of indices.
  var name: Int?
  var domain: Int?
  var split: Int?

  private static let paths = ["filepath", "path", "image", "file"]
  private static let labels = ["label", "class", "name", "title"]

  init(_ header: SeparatedValues.Row, source: String) throws(HoldfastError) {
    let names = header.fields.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
    func first(_ wanted: [String]) -> Int? { wanted.lazy.compactMap(names.firstIndex).first }
    for (index, name) in names.enumerated() where names[..<index].contains(name) {
      throw .badData(
        "\(source):\(header.line): the column '\(excerpt(name))' is there twice",
        remedy: "Rename or remove one.")
    }
    guard let path = first(Self.paths), let label = first(Self.labels) else {
      let wanted = first(Self.paths) == nil ? Self.paths : Self.labels
      throw .badData(
        "\(source):\(header.line): no column is named \(wanted.joined(separator: ", ")) "
          + "(columns: \(excerpt(names.joined(separator: ", "))))",
        remedy: "The first line names the columns, for example filepath,label.")
    }
    self.path = path
    self.label = label
    name = ["class", "name"].lazy.compactMap(names.firstIndex).first { $0 != label }
    domain = names.firstIndex(of: "domain")
    split = names.firstIndex(of: "split")
  }
}
