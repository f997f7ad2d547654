/// The classes of a data set among those of a larger list, such as ImageNet's 1000.
///
/// ImageNet-A's 200 classes are single entries of the list; one of ObjectNet's 113 may stand for
/// several, of which the highest logit counts (Taori et al. 2020, arXiv 2007.00644).
public struct ClassMap: Hashable, Sendable {
  /// The list's name, `imagenet-1k` for example.
  public var list: String
  /// The readable names of all entries in index order: what a zero-shot head is made for.
  ///
  /// Two entries may have one name.
  public var names: [String]
  /// For each class of the data set the indices it stands for: at least one, each in one class only.
  public var columns: [[Int]]

  public init(list: String, names: [String], columns: [[Int]]) {
    self.list = list
    self.names = names
    self.columns = columns
  }
}
