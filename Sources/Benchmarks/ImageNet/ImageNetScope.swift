import Basics

/// The classes of ImageNet-1k that a data set is scored over, and what follows from them.
///
/// All 1000 stand for themselves: labels are indices. A subset's labels are ranks among the
/// subset's WordNet ids, all of them and not those that a copy has.
struct ImageNetScope {
  let all: ImageNetClasses
  let subset: ImageNetClasses.Subset?
  /// The indices of the classes in label order.
  let indices: [Int]
  private let labels: [Int?]

  init(_ subset: ImageNetClasses.Subset? = nil) throws(HoldfastError) {
    all = try ImageNetClasses.standard()
    self.subset = subset
    indices = subset.map(all.indices(of:)) ?? Array(all.entries.indices)
    var labels = [Int?](repeating: nil, count: all.entries.count)
    for (label, index) in indices.enumerated() { labels[index] = label }
    self.labels = labels
  }

  /// The scope that the option `subset` of a request asks for.
  ///
  /// - Throws: `HoldfastError` of kind `usage` for another value than `a` or `r`.
  init(of request: DatasetRequest) throws(HoldfastError) {
    guard let option = request.options["subset"] else {
      try self.init()
      return
    }
    guard let subset = ImageNetClasses.Subset(rawValue: option) else {
      throw .usage(
        "subset=\(option): there is no such subset of ImageNet's classes",
        remedy: "Write subset=a or subset=r, or leave it away for all 1000 classes.")
    }
    try self.init(subset)
  }

  /// The label of a class by its index among the 1000; nil where it is outside the scope.
  func label(of index: Int) -> Int? { labels.indices.contains(index) ? labels[index] : nil }

  /// The readable names in label order.
  var names: [String] { indices.map { all.entries[$0].name } }

  /// Where the classes lie among the 1000; nil where they are the 1000.
  var classMap: ClassMap? {
    subset == nil
      ? nil
      : ClassMap(list: ImageNetClasses.list, names: all.names, columns: indices.map { [$0] })
  }

  /// What is measured: over a subset also with all 1000 classes competing.
  var metrics: [DatasetMetric] {
    subset == nil ? [.top1, .top5, .meanPerClass] : [.top1, .top1OfAll]
  }

  /// What a data set's name ends with where an option narrows it down.
  var suffix: String { subset.map { "/\($0.rawValue)-classes" } ?? "" }
}
