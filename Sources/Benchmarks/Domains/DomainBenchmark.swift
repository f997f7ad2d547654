/// A benchmark of a few domains that share one fixed list of classes.
struct DomainBenchmark: Sendable {
  /// One domain.
  struct Domain: Sendable {
    /// The name that results and samples carry.
    var name: String
    /// Further names of its folder; case, spaces and `_` do not matter.
    var aliases: [String] = []
    /// How many images complete copies have, a number a version; none where it is not certain.
    var images: [Int]
  }

  /// The word before the colon of a specifier.
  var kind: String
  var domains: [Domain]
  /// The class folders in label order: the order of their bytes, which published work uses.
  var classes: [String]
  /// Whether class folders may be called by their labels.
  var isNumbered = false
  /// Images to leave out, as `<domain>/<class>/<file>`.
  var leftOut: Set<String> = []
  /// What ends the names of list files before `.txt`; nil where there are no lists.
  ///
  /// Their labels count from 1.
  var listSuffix: String?

  /// A name without what its spellings differ in.
  static func key(_ name: String) -> String {
    name.lowercased().filter { $0 != " " && $0 != "_" && $0 != "-" }
  }

  /// The domain that a folder holds.
  func domain(_ folder: String) -> Domain? {
    let key = Self.key(folder)
    return domains.first { ([$0.name] + $0.aliases).contains { Self.key($0) == key } }
  }
}
