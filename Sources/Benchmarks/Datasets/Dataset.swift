import Basics
import Images

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
    /// What `worst-group` counts it in: a region, for example.
    public var group: String?
    /// The bytes of an archive, relative to the root, that are the file; nil for a file of its own.
    public var slice: FileSlice?

    public init(
      path: String, label: Int, domain: String? = nil, group: String? = nil,
      slice: FileSlice? = nil
    ) {
      self.path = path
      self.label = label
      self.domain = domain
      self.group = group
      self.slice = slice
    }
  }

  /// The short name that results carry: `minidomains/sketch`, or the folder's name.
  public var name: String
  /// The layout, `folder` for example: what stands before the colon of `kind:path`.
  public var kind: String
  /// Where the labels come from, in one sentence.
  public var rule: String
  /// `train`, `val`, `test`, or `all` where the data set is not split.
  public var split: String
  /// The folder that sample paths are relative to.
  public var root: String
  /// Readable class names in index order.
  public var classes: [String]
  public var samples: [Sample] { didSet { bytes = nil } }
  /// How many images a complete copy has, where that is known.
  public var expectedImages: Int?
  /// How many images of each class a complete copy has, where that is known.
  public var expectedPerClass: [Int]?
  /// How the classes lie among those of a larger list; nil where they stand for themselves.
  public var classMap: ClassMap?
  /// What is measured on it, the number to compare models by first.
  public var metrics: [DatasetMetric]
  /// What decides its numbers besides images and labels, for results: `border`, `missing`.
  public var conditions: [String: JSONValue]
  /// How many pixels are cut off at each edge of an image (ObjectNet's red frame).
  public var border: Int
  /// How many files lie among the images and are none (notes, hidden files).
  public var ignoredFiles: Int
  /// The paths of listed files that are not there, left out because that was allowed.
  public var missingFiles: [String]
  /// The size of all images' files, where an index of them was kept; see `DatasetIndex`.
  public internal(set) var bytes: Int?

  /// A data set; the samples are put in byte order of their paths.
  public init(
    name: String, kind: String, rule: String, split: String, root: String, classes: [String],
    samples: [Sample], expectedImages: Int? = nil, expectedPerClass: [Int]? = nil,
    classMap: ClassMap? = nil, metrics: [DatasetMetric] = [.top1],
    conditions: [String: JSONValue] = [:], border: Int = 0, ignoredFiles: Int = 0,
    missingFiles: [String] = []
  ) {
    self.name = name
    self.kind = kind
    self.rule = rule
    self.split = split
    self.root = root
    self.classes = classes
    self.samples = samples.sorted { precedesInBytes($0.path, $1.path) }
    self.expectedImages = expectedImages
    self.expectedPerClass = expectedPerClass
    self.classMap = classMap
    self.metrics = metrics
    self.conditions = conditions
    self.border = border
    self.ignoredFiles = ignoredFiles
    self.missingFiles = missingFiles
  }

  /// The path under which a sample's file can be opened.
  public func path(of sample: Sample) -> String {
    joined(root, sample.path)
  }

  /// What a loader is asked for to read a sample.
  ///
  /// - Parameter key: What the randomness of its augmentation is a function of.
  public func item(of sample: Sample, key: [Int] = []) -> LoadItem {
    var slice = sample.slice
    if let file = slice?.file { slice?.file = joined(root, file) }
    return LoadItem(path: path(of: sample), slice: slice, border: border, key: key)
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
