import Basics

/// The classes that lists or file names agree on: one folder a label and one label a folder.
struct DomainClasses {
  private var folders: [Int: String] = [:]
  private var labels: [String: Int] = [:]

  /// How many classes are known.
  var count: Int { folders.count }

  /// The label of a class folder; nil where nothing has told it.
  func label(of folder: String) -> Int? { labels[folder] }

  /// Adds what one image says of its class.
  ///
  /// - Parameter source: The image, or the list and line that name it, for the error.
  /// - Throws: `HoldfastError` of kind `badData` if an earlier one says otherwise.
  mutating func add(
    label: Int, folder: String, source: @autoclosure () -> String
  ) throws(HoldfastError) {
    if let known = folders[label], known != folder {
      throw .badData(
        "\(source()): the label \(label) is the class '\(excerpt(folder))' here and "
          + "'\(excerpt(known))' elsewhere",
        remedy: "Use lists and folders of one numbering.")
    }
    if let known = labels[folder] {
      guard known != label else { return }
      throw .badData(
        "\(source()): the class '\(excerpt(folder))' has the label \(label) here and "
          + "\(known) elsewhere",
        remedy: "Use lists and folders of one numbering.")
    }
    folders[label] = folder
    labels[folder] = label
  }

  /// The class folders in label order.
  struct Names {
    var folders: [String] = []
    /// How many labels go by their number, for want of a name.
    var unnamed = 0

    /// What results are told about it; see `Dataset.conditions`.
    var conditions: [String: JSONValue] {
      unnamed == 0 ? [:] : ["unnamed_classes": .integer(unnamed)]
    }
  }

  /// The folders in label order.
  ///
  /// DomainNet's `painting` has no t-shirts, so that a copy of it alone does not tell that name.
  ///
  /// - Parameters:
  ///   - source: What labels are read from, for the error: `list`.
  ///   - allowMissing: Whether in a copy that lacks classes a label without a name goes by its
  ///     number.
  /// - Throws: `HoldfastError` of kind `badData` if a label below the largest never occurs.
  func names(
    root: String, source: String, allowMissing: Bool
  ) throws(HoldfastError) -> Names {
    guard let largest = folders.keys.max() else {
      throw .badData("\(root): all lists are empty", remedy: "Fetch the lists again.")
    }
    let gaps = (0...largest).filter { folders[$0] == nil }
    var known = folders
    if gaps == [DomainNet.tShirt.label], largest == DomainNet.classCount - 1 {
      known[DomainNet.tShirt.label] = DomainNet.tShirt.folder
    } else if let gap = gaps.first, !allowMissing || largest >= DomainNet.classCount {
      throw .badData(
        "\(root): no \(source) has the label \(gap), yet labels go up to \(largest)"
          + (gaps.count > 1 ? " (\(gaps.count) labels have no name)" : ""),
        remedy: "Number classes from 0 without a gap, and keep all domains and lists.")
    }
    var names = Names()
    for label in 0...largest {
      if known[label] == nil { names.unnamed += 1 }
      names.folders.append(known[label] ?? String(label))
    }
    return names
  }
}
