import Basics

extension Dataset {
  /// The same images with labels as indices into another list of classes, matched by name.
  ///
  /// An evaluation set with fewer classes than the training set, or with another order, is scored
  /// wrongly in silence if labels are compared by index; this is the way to compare them.
  ///
  /// - Throws: `HoldfastError` of kind `badData` if a class has no counterpart, or two.
  public func aligned(to others: [String]) throws(HoldfastError) -> Dataset {
    if classes == others { return self }
    var indices: [String: [Int]] = [:]
    for (index, name) in others.enumerated() { indices[name, default: []].append(index) }
    let used = Set(samples.map(\.label))
    var target = [Int](repeating: 0, count: classes.count)
    for (label, name) in classes.enumerated() where used.contains(label) {
      guard let found = indices[name] else {
        let near = nearestName(to: name, among: others).map { ", the nearest is '\($0)'" } ?? ""
        throw .badData(
          "\(self.name): its class '\(name)' is not among the \(others.count) classes of the "
            + "model\(near)",
          remedy: "Use sets with the same class names, or rename the class.")
      }
      guard found.count == 1 else {
        throw .badData(
          "\(self.name): the class name '\(name)' stands for \(found.count) classes of the model",
          remedy: "Give the classes names that differ.")
      }
      target[label] = found[0]
    }
    var result = self
    result.classes = others
    for index in result.samples.indices {
      let label = result.samples[index].label
      guard target.indices.contains(label) else { continue }
      result.samples[index].label = target[label]
    }
    return result
  }
}
