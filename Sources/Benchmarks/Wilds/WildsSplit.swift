import Basics

/// The five splits of WILDS data sets.
///
/// Koh et al., "WILDS: a benchmark of in-the-wild distribution shifts", arXiv 2012.07421. `val` and `test` come from places or years that training has not seen; `id_val` and `id_test`
/// from those it has.
enum WildsSplit: String, CaseIterable {
  case train, val, test
  case idVal = "id_val"
  case idTest = "id_test"

  /// The splits to read: the forced one, else the purpose's.
  ///
  /// Settings are chosen on `id_val`, since whoever chooses on `val` has seen another distribution;
  /// what is scored is `test`.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput` for a split that WILDS does not have.
  static func chosen(_ request: DatasetRequest) throws(HoldfastError) -> [WildsSplit] {
    guard let forced = request.split else {
      switch request.purpose {
      case .training: return [.train]
      case .validation: return [.idVal]
      case .evaluation: return [.test]
      }
    }
    if forced == SplitName.all { return allCases }
    guard let split = WildsSplit(rawValue: forced) else {
      throw .missingInput(
        "\(request.path): there is no split '\(forced)', only "
          + allCases.map(\.rawValue).joined(separator: ", "),
        remedy: "Name one of these after '#', or leave the '#' away.")
    }
    return [split]
  }

  /// What a data set that was read from some splits says about itself.
  static func name(of splits: [WildsSplit]) -> String {
    splits.count == 1 ? splits[0].rawValue : SplitName.all
  }
}
