import Basics
import Foundation
import Images

// Everything that a `Dataset` holds is written here and read back in the same order; a property
// that is new there has a line in both.

extension ByteWriter {
  /// Appends a data set with the sizes of its files.
  ///
  /// - Returns: False where it does not fit the format: labels or paths of more than 32 bits.
  mutating func append(_ set: Dataset, sizes: [Int64]) -> Bool {
    for text in [set.name, set.kind, set.rule, set.split, set.root] { append(text) }
    append(set.classes) { $0.append($1) }
    append(set.expectedImages) { $0.append(Int64($1)) }
    append(set.expectedPerClass) { $0.append($1) { $0.append(Int64($1)) } }
    append(set.classMap) { writer, map in
      writer.append(map.list)
      writer.append(map.names) { $0.append($1) }
      writer.append(map.columns) { $0.append($1) { $0.append(Int64($1)) } }
    }
    append(set.metrics) { $0.append($1.rawValue) }
    append(JSONValue.object(set.conditions).text())
    append(Int64(set.border))
    append(Int64(set.ignoredFiles))
    append(set.missingFiles) { $0.append($1) }
    return append(set.samples, sizes: sizes)
  }

  /// Appends samples column by column, texts that recur as numbers.
  private mutating func append(_ samples: [Dataset.Sample], sizes: [Int64]) -> Bool {
    var ends: [UInt32] = []
    ends.reserveCapacity(samples.count)
    var end = 0
    for sample in samples {
      end += sample.path.utf8.count
      guard let place = UInt32(exactly: end), Int32(exactly: sample.label) != nil else {
        return false
      }
      ends.append(place)
    }
    guard UInt32(exactly: samples.count) != nil, sizes.count == samples.count else { return false }
    append(UInt32(samples.count))
    reserve(end + samples.count * 28)
    append(column: ends)
    for sample in samples { appendBytes(of: sample.path) }
    append(column: samples.map { Int32(truncatingIfNeeded: $0.label) })
    append(column: sizes)
    append(names: samples.map(\.domain))
    append(names: samples.map(\.group))
    append(names: samples.map { $0.slice?.file })
    append(column: samples.compactMap { $0.slice.map { Int64($0.offset) } })
    return true
  }

  private mutating func append<Number: FixedWidthInteger>(column: [Number]) {
    column.map(\.littleEndian).withUnsafeBytes { append(raw: $0) }
  }

  /// Appends the texts that occur, then for each place the number of its text, 0 for none; nothing
  /// but an empty list where there is no text at all.
  private mutating func append(names: [String?]) {
    var numbers: [String: UInt32] = [:]
    var known: [String] = []
    let column: [UInt32] = names.map { name in
      guard let name else { return 0 }
      if let number = numbers[name] { return number }
      known.append(name)
      let number = UInt32(truncatingIfNeeded: known.count)
      numbers[name] = number
      return number
    }
    append(known) { $0.append($1) }
    if !known.isEmpty { append(column: column) }
  }
}

extension ByteReader {
  /// A data set, complete with the size of its files.
  mutating func dataset() -> Dataset? {
    guard let name = text(), let kind = text(), let rule = text(), let split = text(),
      let root = text(), let classes = array({ $0.text() }),
      let expectedImages = optional({ $0.int() }),
      let expectedPerClass = optional({ $0.array { $0.int() } }),
      let classMap = optional({ $0.classMap() }),
      let metrics = array({ $0.text().flatMap { DatasetMetric(rawValue: $0) } }),
      let conditions = text().flatMap({
        try? JSONValue.parse(Data($0.utf8), source: "index").object
      }),
      let border = int(), let ignoredFiles = int(), let missingFiles = array({ $0.text() }),
      let (samples, bytes) = samples(classes: classes.count)
    else { return nil }
    var set = Dataset(
      name: name, kind: kind, rule: rule, split: split, root: root, classes: classes, samples: [],
      expectedImages: expectedImages, expectedPerClass: expectedPerClass, classMap: classMap,
      metrics: metrics, conditions: conditions, border: border, ignoredFiles: ignoredFiles,
      missingFiles: missingFiles)
    // They were in order when they were written.
    set.samples = samples
    set.bytes = bytes
    return set
  }

  private mutating func classMap() -> ClassMap? {
    guard let list = text(), let names = array({ $0.text() }),
      let columns = array({ $0.array { $0.int() } })
    else { return nil }
    return ClassMap(list: list, names: names, columns: columns)
  }

  private mutating func samples(classes: Int) -> (samples: [Dataset.Sample], bytes: Int)? {
    guard let count = number(UInt32.self).map({ Int($0) }),
      let ends = column(UInt32.self, count: count),
      let paths = take(count == 0 ? 0 : Int(ends[count - 1])),
      let labels = column(Int32.self, count: count), let sizes = column(Int64.self, count: count),
      let domains = names(count: count), let groups = names(count: count),
      let files = names(count: count),
      let offsets = column(Int64.self, count: files.used)
    else { return nil }
    var start = 0
    var slices = 0
    var bytes = 0
    var samples: [Dataset.Sample] = []
    samples.reserveCapacity(count)
    for index in 0..<count {
      let end = Int(ends[index])
      let label = Int(labels[index])
      guard start <= end, end <= paths.count, label >= 0, label < classes else { return nil }
      let path = String(
        decoding: UnsafeRawBufferPointer(rebasing: paths[start..<end]), as: UTF8.self)
      start = end
      var slice: FileSlice?
      if let file = files[index] {
        slice = FileSlice(file: file, offset: Int(offsets[slices]), count: Int(sizes[index]))
        slices += 1
      }
      bytes &+= Int(sizes[index])
      samples.append(
        Dataset.Sample(
          path: path, label: label, domain: domains[index], group: groups[index], slice: slice))
    }
    return (samples, bytes)
  }

  /// Recurring texts by place.
  private struct Names {
    var known: [String]
    var column: Column<UInt32>?
    /// How many places have a text.
    var used = 0

    subscript(index: Int) -> String? {
      guard let column, column[index] > 0 else { return nil }
      return known[Int(column[index]) - 1]
    }
  }

  private mutating func names(count: Int) -> Names? {
    guard let known = array({ $0.text() }) else { return nil }
    guard !known.isEmpty else { return Names(known: []) }
    guard let column = column(UInt32.self, count: count) else { return nil }
    var used = 0
    for index in 0..<count where column[index] > 0 {
      guard Int(column[index]) <= known.count else { return nil }
      used += 1
    }
    return Names(known: known, column: column, used: used)
  }
}
