/// One set of labelled images, in the order in which a sequential run reads them.
///
/// Samples are sorted by the bytes of their paths, whatever order a list or a folder gave them in.
public struct Dataset: Hashable, Sendable {
  /// One image and its label.
  public struct Sample: Hashable, Sendable {
    /// The file, relative to the data set's root; a table may also name absolute paths.
    public var path: String
    /// The index into `classes`.
    public var label: Int
    /// The domain, where the data set knows one.
    public var domain: String?

    public init(path: String, label: Int, domain: String? = nil) {
      self.path = path
      self.label = label
      self.domain = domain
    }
  }

  /// The short name that results carry: `minidomains/sketch`, or the folder's name.
  public var name: String
  /// The layout: `folder`, `csv`, `tsv`, `domainnet` or `minidomains`.
  public var kind: String
  /// Where the labels come from, in one sentence.
  public var rule: String
  /// `train`, `val`, `test`, or `all` where the data set is not split.
  public var split: String
  /// The folder that sample paths are relative to.
  public var root: String
  /// Readable class names in index order.
  public var classes: [String]
  public var samples: [Sample]
  /// How many images a complete copy has, where that is known.
  public var expectedImages: Int?
  /// How many files lie among the images and are none (notes, hidden files).
  public var ignoredFiles: Int

  /// A data set; the samples are put in byte order of their paths.
  public init(
    name: String, kind: String, rule: String, split: String, root: String, classes: [String],
    samples: [Sample], expectedImages: Int? = nil, ignoredFiles: Int = 0
  ) {
    self.name = name
    self.kind = kind
    self.rule = rule
    self.split = split
    self.root = root
    self.classes = classes
    self.samples = samples.sorted { precedesInBytes($0.path, $1.path) }
    self.expectedImages = expectedImages
    self.ignoredFiles = ignoredFiles
  }

  /// The path under which a sample's file can be opened.
  public func path(of sample: Sample) -> String {
    joined(root, sample.path)
  }

  /// The number of images of each class, in index order.
  public var countsPerClass: [Int] {
    var counts = [Int](repeating: 0, count: classes.count)
    for sample in samples where counts.indices.contains(sample.label) {
      counts[sample.label] += 1
    }
    return counts
  }

  /// The domains that occur, in byte order.
  public var domains: [String] {
    Set(samples.compactMap(\.domain)).sorted(by: precedesInBytes)
  }
}
