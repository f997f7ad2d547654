import Basics

/// The names of splits and which of them serves a purpose.
enum SplitName {
  static let train = "train"
  static let validation = "val"
  static let test = "test"
  static let all = "all"

  /// One spelling for each of the usual splits; any other name stays as it is.
  static func canonical(_ name: String) -> String {
    switch name.lowercased() {
    case "train", "training": return train
    case "val", "valid", "validation": return validation
    case "test": return test
    case "all": return all
    default: return name
    }
  }

  /// The splits to read: the forced one (all of them for `all`), else the purpose's.
  ///
  /// - Returns: The splits, none where there is no validation split.
  /// - Throws: `HoldfastError` of kind `missingInput` if the split is not there.
  static func chosen(
    for purpose: DatasetPurpose, forced: String?, among splits: Set<String>, of source: String
  ) throws(HoldfastError) -> [String] {
    let known = splits.sorted(by: precedesInBytes)
    if let forced {
      if forced == all { return known }
      guard splits.contains(forced) else {
        throw .missingInput(
          "\(source): there is no split '\(forced)', only \(known.joined(separator: ", "))",
          remedy: "Name one of these after '#', or leave the '#' away.")
      }
      return [forced]
    }
    switch purpose {
    case .validation:
      return splits.contains(validation) ? [validation] : []
    case .training:
      guard splits.contains(train) else {
        throw .missingInput(
          "\(source): there is no train split, only \(known.joined(separator: ", "))",
          remedy: "Add one, or name the split to train on, for example '#\(known.first ?? all)'.")
      }
      return [train]
    case .evaluation:
      if let split = [test, validation].first(where: splits.contains) { return [split] }
      throw .missingInput(
        "\(source): there is neither a test nor a val split, only "
          + known.joined(separator: ", "),
        remedy: "Add one, or name the split to score, for example '#\(known.first ?? all)'.")
    }
  }

  /// The same for a data set without splits, which is read whole.
  ///
  /// - Returns: False where there is nothing for the purpose.
  static func wholeServes(
    _ purpose: DatasetPurpose, forced: String?, of source: String
  ) throws(HoldfastError) -> Bool {
    if let forced, forced != all {
      throw .missingInput(
        "\(source): there is no split '\(forced)', the data set is not split",
        remedy: "Leave the '#\(forced)' away.")
    }
    return forced == all || purpose != .validation
  }
}
