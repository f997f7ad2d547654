import Basics

/// The classes of ImageNet-1k: what an index, a WordNet id and a name have to do with each other.
///
/// The index of a class is the rank of its WordNet id in byte order, as in every published model of
/// 1000 outputs. Labels are looked up here by name and never counted off a folder's order.
public struct ImageNetClasses: Hashable, Sendable {
  /// One class.
  public struct Entry: Hashable, Sendable {
    /// The WordNet id, `n01440764`.
    public var wnid: String
    /// The readable name that goes into prompts, `tench`; two classes may share one.
    public var name: String
    /// The subsets that the class belongs to.
    public var subsets: Set<Subset>
  }

  /// The classes that a benchmark of 200 classes is scored over.
  public enum Subset: String, Hashable, Sendable, CaseIterable {
    /// The classes of ImageNet-A (Hendrycks et al. 2021, arXiv 1907.07174).
    case a
    /// The classes of ImageNet-R (Hendrycks et al. 2021, arXiv 2006.16241).
    case r
  }

  /// What `ClassMap.list` calls the 1000 classes.
  public static let list = "imagenet-1k"

  /// The classes in index order.
  public let entries: [Entry]
  private let indexOfWnid: [String: Int]
  private let indicesOfName: [String: [Int]]

  /// Classes in index order, with ids that differ.
  init(_ entries: [Entry]) {
    self.entries = entries
    indexOfWnid = Dictionary(
      entries.enumerated().map { ($1.wnid, $0) }, uniquingKeysWith: { first, _ in first })
    indicesOfName = Dictionary(
      grouping: entries.indices, by: { Self.key(entries[$0].name) })
  }

  private static let builtIn = Result { () throws(HoldfastError) in
    try parse(table, source: "the table of ImageNet's classes")
  }

  /// The 1000 classes.
  ///
  /// - Throws: `HoldfastError` only if the built-in table is damaged.
  public static func standard() throws(HoldfastError) -> ImageNetClasses {
    try builtIn.get()
  }

  /// The names in index order.
  public var names: [String] { entries.map(\.name) }

  /// The index of a WordNet id; nil where it is none of the classes.
  public func index(wnid: String) -> Int? { indexOfWnid[wnid] }

  /// The indices that a readable name stands for, without regard to case and with underscores as
  /// spaces: none, one, or two for `missile` and `sunglasses`.
  public func indices(name: String) -> [Int] { indicesOfName[Self.key(name)] ?? [] }

  /// The indices of a subset in ascending order, which is the order of its WordNet ids.
  public func indices(of subset: Subset) -> [Int] {
    entries.indices.filter { entries[$0].subsets.contains(subset) }
  }

  /// What is compared where classes are named by folders.
  private static func key(_ name: String) -> String { readable(name).lowercased() }
}
