import Basics

/// The classes of a table, gathered row by row from a column of indices or of names.
struct LabelTable {
  /// Larger indices are taken for identifiers, not for classes.
  static let largest = 1_000_000

  let source: String
  private var texts: [String] = []
  private var ids: [String: Int] = [:]
  private var firstLines: [Int] = []
  private var names: [String?] = []
  /// The first row that gives an index another name than before; only indices mind.
  private var conflict: HoldfastError?

  init(source: String) {
    self.source = source
  }

  /// Adds a row's label.
  ///
  /// - Returns: A provisional number, which `Resolved.index` turns into the class index.
  mutating func add(_ label: String, name: String?, line: Int) throws(HoldfastError) -> Int {
    guard !label.isEmpty else {
      throw .badData("\(source):\(line): the label is empty", remedy: "Fill it in.")
    }
    guard let id = ids[label] else {
      ids[label] = texts.count
      texts.append(label)
      firstLines.append(line)
      names.append(name)
      return texts.count - 1
    }
    if names[id] != name, conflict == nil {
      conflict = .badData(
        "\(source):\(line): the label \(label) is '\(excerpt(name ?? ""))' here and "
          + "'\(excerpt(names[id] ?? ""))' in line \(firstLines[id])",
        remedy: "Give each index one name.")
    }
    return id
  }

  /// The classes in index order, once all rows were added.
  struct Resolved {
    var names: [String]
    var rule: String
    fileprivate var indices: [Int]

    func index(_ provisional: Int) -> Int { indices[provisional] }
  }

  /// Decides whether labels are indices or names and puts the classes in order.
  ///
  /// - Throws: `HoldfastError` of kind `badData` for a negative or huge index, or for indices that
  ///   are not 0, 1, 2, … without a gap.
  func resolved() throws(HoldfastError) -> Resolved {
    let numbers = texts.map { Int($0) }
    guard numbers.allSatisfy({ $0 != nil }) else { return byName() }
    var owner: [Int: Int] = [:]
    for (id, number) in numbers.enumerated() {
      guard let number, (0...Self.largest).contains(number) else {
        throw .badData(
          "\(source):\(firstLines[id]): the label \(texts[id]) is not a class index "
            + "(0 to \(Self.largest))",
          remedy: "Number classes from 0, or write their names.")
      }
      owner[number] = owner[number] ?? id
    }
    if let conflict { throw conflict }
    let largest = owner.keys.max() ?? 0
    if let gap = (0...largest).first(where: { owner[$0] == nil }) {
      throw .badData(
        "\(source): no row has the label \(gap), yet labels go up to \(largest)",
        remedy: "Number classes from 0 without a gap, or write their names.")
    }
    let classes = (0...largest).map { number in
      owner[number].flatMap { names[$0] }.map(readable) ?? String(number)
    }
    return Resolved(
      names: classes, rule: "the label is the class index in the table's label column",
      indices: numbers.map { $0 ?? 0 })
  }

  private func byName() -> Resolved {
    let order = texts.indices.sorted { precedesInBytes(texts[$0], texts[$1]) }
    var indices = [Int](repeating: 0, count: texts.count)
    for (rank, id) in order.enumerated() { indices[id] = rank }
    return Resolved(
      names: order.map { readable(texts[$0]) },
      rule: "the label is the rank of the class's name in byte order over all rows of the table; "
        + "underscores are read as spaces",
      indices: indices)
  }
}
