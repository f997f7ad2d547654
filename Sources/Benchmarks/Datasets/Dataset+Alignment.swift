import Basics

extension Dataset {
  /// The names of the classes that a head for this set is made for: those of the whole list where
  /// the set's classes lie in a larger one, else its own.
  ///
  /// Sets over one list (ImageNet and its variants) thus share a head.
  public var headClasses: [String] {
    get { classMap?.names ?? classes }
    set {
      if classMap == nil { classes = newValue } else { classMap?.names = newValue }
    }
  }

  /// The same images with labels as indices into another list of classes, matched by name.
  ///
  /// An evaluation set with fewer classes than the training set, or with another order, is scored
  /// wrongly in silence if labels are compared by index; this is the way to compare them.
  ///
  /// - Throws: `HoldfastError` of kind `badData` if a class has no counterpart, or two.
  public func aligned(to others: [String]) throws(HoldfastError) -> Dataset {
    if classes == others { return self }
    let target = try counterparts(of: classes.map { [$0] }, in: others)
    var result = self
    result.classes = others
    for index in result.samples.indices {
      let label = result.samples[index].label
      guard target.indices.contains(label), let place = target[label].first else { continue }
      result.samples[index].label = place
    }
    return result
  }

  /// For each class the columns of a head that stand for it; none for a class that has neither
  /// images nor a counterpart.
  ///
  /// A head for the very list of `classMap` has the columns that the map names, whatever classes
  /// share a name. In another head every entry of the list that a class stands for must have one
  /// counterpart of its name, or, where the head was made for the set's own classes, the class.
  ///
  /// - Parameter head: The head's classes.
  /// - Returns: Nil where the set has no `classMap`: its labels are then to be `aligned`.
  /// - Throws: `HoldfastError` of kind `badData` if a class with images has no counterpart, or two,
  ///   or shares it with another class.
  public func columns(in head: [String]) throws(HoldfastError) -> [[Int]]? {
    guard let classMap else { return nil }
    guard classMap.columns.count == classes.count,
      classMap.columns.joined().allSatisfy(classMap.names.indices.contains)
    else {
      throw .internalError("\(name): the class map does not fit the \(classes.count) classes")
    }
    if head == classMap.names { return classMap.columns }
    let found: [[Int]]
    do throws(HoldfastError) {
      found = try counterparts(of: classMap.columns.map { $0.map { classMap.names[$0] } }, in: head)
    } catch {
      guard let own = try? counterparts(of: classes.map { [$0] }, in: head) else { throw error }
      found = own
    }
    var owners: [Int: Int] = [:]
    for (label, columns) in found.enumerated() {
      for column in columns {
        guard let other = owners.updateValue(label, forKey: column) else { continue }
        throw .badData(
          "\(name): two of its classes, '\(classes[other])' and '\(classes[label])', are the one "
            + "class '\(head[column])' of the model",
          remedy: "Use a head for the \(classMap.names.count) classes of \(classMap.list).")
      }
    }
    return found
  }

  /// The same images with labels as rows of a head, to train that head on.
  ///
  /// - Throws: As `aligned` and `columns` do; of kind `usage` where a class stands for several rows.
  public func labelled(for head: [String]) throws(HoldfastError) -> Dataset {
    guard let columns = try columns(in: head) else { return try aligned(to: head) }
    var result = self
    result.classes = head
    result.classMap = nil
    for index in result.samples.indices {
      let label = result.samples[index].label
      guard columns.indices.contains(label) else { continue }
      guard let row = columns[label].first, columns[label].count == 1 else {
        throw .usage(
          "\(name): its class '\(classes[label])' stands for \(columns[label].count) classes of the "
            + "model, so nothing can be trained on it", remedy: "Use it to evaluate only.")
      }
      result.samples[index].label = row
    }
    return result
  }

  /// For each class the positions in a head of the names that stand for it; none where it has no
  /// images and a name has no counterpart.
  private func counterparts(
    of names: [[String]], in head: [String]
  ) throws(HoldfastError) -> [[Int]] {
    var indices: [String: [Int]] = [:]
    for (index, name) in head.enumerated() { indices[name, default: []].append(index) }
    let used = Set(samples.map(\.label))
    var result = [[Int]](repeating: [], count: names.count)
    for (label, own) in names.enumerated() {
      let found = own.map { indices[$0] ?? [] }
      if found.allSatisfy({ $0.count == 1 }) {
        result[label] = found.map { $0[0] }
        continue
      }
      guard used.contains(label) else { continue }
      for (name, places) in zip(own, found) where places.count != 1 {
        guard !places.isEmpty else {
          let near = nearestName(to: name, among: head).map { ", the nearest is '\($0)'" } ?? ""
          throw .badData(
            "\(self.name): its class '\(name)' is not among the \(head.count) classes of the "
              + "model\(near)",
            remedy: "Use sets with the same class names, or rename the class.")
        }
        throw .badData(
          "\(self.name): the class name '\(name)' stands for \(places.count) classes of the model",
          remedy: "Give the classes names that differ.")
      }
    }
    return result
  }
}
