/// Which right class was answered with which class, as cells that images are counted in.
///
/// Numbers that are functions of the cells' counts can be computed for a resample of the images
/// without going through its images one by one.
struct Confusion {
  /// The cell of each image.
  let cells: [Int]
  /// How many images lie in each cell.
  let counts: [Int]
  /// The right and the given class of each cell, numbered among the classes that occur.
  private let pairs: [(label: Int, predicted: Int)]
  private let classCount: Int

  /// - Parameters:
  ///   - predicted: The class given for each image.
  ///   - labels: The right class of the same images.
  init(predicted: [Int], labels: [Int]) {
    let classes = Set(labels).union(predicted).sorted()
    let numbers = Dictionary(uniqueKeysWithValues: zip(classes, classes.indices))
    var known: [Int: Int] = [:]
    var pairs: [(label: Int, predicted: Int)] = []
    var counts: [Int] = []
    cells = zip(labels, predicted).map { label, answer in
      let pair = (label: numbers[label] ?? 0, predicted: numbers[answer] ?? 0)
      let key = pair.label * classes.count + pair.predicted
      let cell = known[key] ?? pairs.count
      if cell == pairs.count {
        known[key] = cell
        pairs.append(pair)
        counts.append(0)
      }
      counts[cell] += 1
      return cell
    }
    self.pairs = pairs
    self.counts = counts
    classCount = classes.count
  }

  /// The mean over right classes that occur of the fraction of their images answered right.
  func meanPerClass(_ counts: [Int]) -> Double {
    let (hits, support, _) = tallies(counts)
    return mean(over: support) { Double(hits[$0]) / Double(support[$0]) }
  }

  /// The mean over right classes that occur of 2·TP / (2·TP + FP + FN).
  func macroF1(_ counts: [Int]) -> Double {
    let (hits, support, given) = tallies(counts)
    // TP + FN are the images of the class, TP + FP those that were given it.
    return mean(over: support) { Double(2 * hits[$0]) / Double(support[$0] + given[$0]) }
  }

  private func tallies(_ counts: [Int]) -> (hits: [Int], support: [Int], given: [Int]) {
    var hits = [Int](repeating: 0, count: classCount)
    var support = hits
    var given = hits
    for (pair, count) in zip(pairs, counts) {
      support[pair.label] += count
      given[pair.predicted] += count
      if pair.label == pair.predicted { hits[pair.label] += count }
    }
    return (hits, support, given)
  }

  private func mean(over support: [Int], _ value: (Int) -> Double) -> Double {
    var sum = 0.0
    var count = 0
    for index in support.indices where support[index] > 0 {
      sum += value(index)
      count += 1
    }
    return count == 0 ? 0 : sum / Double(count)
  }
}
