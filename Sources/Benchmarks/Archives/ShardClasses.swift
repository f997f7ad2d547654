import Basics

/// The classes of a webdataset, from a list of names or from the labels alone.
struct ShardClasses {
  /// Readable names in index order.
  let names: [String]
  /// Where the labels come from, in one sentence.
  let rule: String
  private let indices: [String: Int]

  /// Reads the names: a class a line, in index order.
  ///
  /// - Throws: `HoldfastError` of kind `badData` for an empty line or list.
  init(listIn path: String) throws(HoldfastError) {
    guard let text = String(validatingBytes: try TextFile.bytes(path)[...]) else {
      throw .badData("\(path): not UTF-8", remedy: "Save the file as UTF-8.")
    }
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }
    while lines.last?.isEmpty == true { lines.removeLast() }
    if let empty = lines.isEmpty ? 0 : lines.firstIndex(of: "") {
      throw .badData("\(path):\(empty + 1): the class name is empty", remedy: "Fill it in.")
    }
    names = lines
    rule = "the label is the index in or the name of a line of \(ShardFolder.classFile)"
    indices = Dictionary(lines.enumerated().map { ($1, $0) }) { first, _ in first }
  }

  /// The classes of labels without a list.
  ///
  /// - Parameter source: The data set's name, for the error.
  /// - Throws: `HoldfastError` of kind `badData` where some labels are names and others numbers.
  init(
    of labels: some Sequence<ShardContent.Label>, source: String
  ) throws(HoldfastError) {
    var largest = -1
    var texts: Set<String> = []
    for label in labels {
      switch label {
      case .index(let index): largest = max(largest, index)
      case .name(let name): texts.insert(name)
      }
    }
    guard texts.isEmpty || largest < 0 else {
      throw .badData(
        "\(source): some labels are names and others numbers",
        remedy: "Label all images in one way, or add \(ShardFolder.classFile).")
    }
    if texts.isEmpty {
      names = (0...min(max(largest, 0), LabelTable.largest)).map(String.init)
      rule = "the label is the class index in the archive; there is no \(ShardFolder.classFile)"
      indices = [:]
    } else {
      let order = texts.sorted(by: precedesInBytes)
      names = order.map(readable)
      rule =
        "the label is the rank of the class's name in byte order over all archives; "
        + "underscores are read as spaces"
      indices = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    }
  }

  /// The index of a label; nil for one that is none of the classes.
  func index(_ label: ShardContent.Label) -> Int? {
    switch label {
    case .index(let index): names.indices.contains(index) ? index : nil
    case .name(let name): indices[name]
    }
  }
}
