import Basics

/// Which tensors a set of weights holds, their shapes, and where each lies in the buffer.
///
/// Tensors that belong together (an attention's query, key and value projections) are laid out
/// as one group without gaps, so that they are also one larger matrix. Groups start at multiples
/// of 16 elements, a cache line of float32; the gaps are zero and stay zero.
public struct WeightsLayout: Hashable, Sendable {
  /// One tensor's place.
  public struct Entry: Hashable, Sendable {
    public let name: String
    public let shape: [Int]
    /// The position of the first element in the buffer.
    public let offset: Int
    /// The number of the group this tensor lies in.
    public let group: Int

    public var count: Int { shape.reduce(1, *) }
    public var end: Int { offset + count }
  }

  /// The tensors in the order of the buffer.
  public let entries: [Entry]
  /// The length of the buffer in elements, gaps included.
  public let count: Int
  private let positions: [String: Int]

  static let alignment = 16

  /// Lays out groups of named shapes in their order.
  ///
  /// - Throws: `HoldfastError` of kind `badData` where a name occurs twice.
  public init(groups: [[(name: String, shape: [Int])]]) throws(HoldfastError) {
    var entries: [Entry] = []
    var positions: [String: Int] = [:]
    var offset = 0
    for (number, group) in groups.enumerated() {
      offset = (offset + Self.alignment - 1) / Self.alignment * Self.alignment
      for (name, shape) in group {
        guard positions.updateValue(entries.count, forKey: name) == nil else {
          throw .badData(
            "the tensor \(name) occurs twice", remedy: "Write the checkpoint again.")
        }
        let entry = Entry(name: name, shape: shape, offset: offset, group: number)
        entries.append(entry)
        offset = entry.end
      }
    }
    self.entries = entries
    self.positions = positions
    self.count = offset
  }

  /// The names in the order of the buffer.
  public var names: [String] { entries.map(\.name) }

  /// The number of elements of all tensors, without the gaps.
  public var parameterCount: Int { entries.reduce(0) { $0 + $1.count } }

  /// The place of a tensor, or nil.
  public subscript(name: String) -> Entry? {
    positions[name].map { entries[$0] }
  }

  /// Groups as they were given, for building a layout of some of the tensors.
  public var groups: [[(name: String, shape: [Int])]] {
    var groups: [[(name: String, shape: [Int])]] = []
    var last = -1
    for entry in entries {
      if entry.group != last { groups.append([]) }
      last = entry.group
      groups[groups.count - 1].append((entry.name, entry.shape))
    }
    return groups
  }

  /// The layout of the tensors whose name passes a test, in the same order and groups.
  public func filtered(_ isIncluded: (String) -> Bool) throws(HoldfastError) -> WeightsLayout {
    let kept = groups.map { $0.filter { isIncluded($0.name) } }
    return try WeightsLayout(groups: kept.filter { !$0.isEmpty })
  }

  /// The range that consecutive entries cover where no gap lies between them, else nil.
  func range(of names: [String]) -> Range<Int>? {
    guard let first = names.first.flatMap({ self[$0] }) else { return nil }
    var end = first.offset
    for name in names {
      guard let entry = self[name], entry.offset == end else { return nil }
      end = entry.end
    }
    return first.offset..<end
  }
}
