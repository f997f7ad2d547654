import Benchmarks
import Images

/// The images of a set in their order, whatever their labels: what decides the pixels that a
/// preprocessing makes.
///
/// Two lists of one set are compared by their storage, so that looking pixels up costs nothing beside
/// reading them.
struct ImageList: Hashable {
  private let dataset: Dataset

  init(_ dataset: Dataset) { self.dataset = dataset }

  var count: Int { dataset.samples.count }

  /// What a loader takes.
  var items: [LoadItem] { dataset.samples.map { dataset.item(of: $0) } }

  static func == (left: ImageList, right: ImageList) -> Bool {
    let (one, other) = (left.dataset, right.dataset)
    guard one.root == other.root, one.border == other.border,
      one.samples.count == other.samples.count
    else { return false }
    return one.samples == other.samples
      || zip(one.samples, other.samples).allSatisfy { $0.path == $1.path && $0.slice == $1.slice }
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(dataset.root)
    hasher.combine(dataset.border)
    hasher.combine(count)
    hasher.combine(dataset.samples.first?.path)
  }
}
