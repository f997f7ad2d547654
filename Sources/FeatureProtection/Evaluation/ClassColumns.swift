import Basics
import Torch

/// Reduces the logits of a head to those of a set's classes: to the highest among a class's columns.
///
/// ImageNet-A and -R take 200 of 1000 columns; a class of ObjectNet takes the maximum over up to
/// three (Taori et al. 2020, arXiv 2007.00644; `project_logits` in WiSE-FT's code does the same).
struct ClassColumns {
  /// The class of each reduced logit: those that have columns.
  let classes: [Int]
  /// Which columns of the head are right for each class.
  private let columns: [[Int]]
  /// The columns of the classes one after the other, `width` for each.
  private let positions: [Int]
  private let width: Int

  /// - Parameter columns: For each class its columns; none for a class that is not to be answered.
  init(_ columns: [[Int]]) {
    self.columns = columns
    classes = columns.indices.filter { !columns[$0].isEmpty }
    let width = columns.map(\.count).max() ?? 0
    self.width = width
    // A class of fewer columns repeats its first, which leaves the maximum as it is.
    positions = classes.flatMap { label in
      let own = columns[label]
      return own + Array(repeating: own[0], count: width - own.count)
    }
  }

  /// Logits `[batch, classes]` of logits `[batch, columns of the head]`.
  func reduced(_ logits: Tensor) throws(HoldfastError) -> Tensor {
    let own = try logits.selected(positions, dimension: 1)
    guard width > 1 else { return own }
    return try own.reshaped(-1, classes.count, width).largest()
  }

  /// Whether a column of the head is one of a class's.
  func isRight(_ column: Int, for label: Int) -> Bool {
    columns.indices.contains(label) && columns[label].contains(column)
  }
}
