import Basics

extension Dataset {
  /// Compares the number of images with that of a complete copy.
  ///
  /// A copy that lacks images gives numbers that are not comparable (FLYP's published ObjectNet
  /// figure came from 23.7 of 50.3 thousand images), so that a difference is an error, or with
  /// `allowMissing` a condition that every result carries.
  ///
  /// - Throws: `HoldfastError`: `missingInput` where images are missing, `badData` where there are
  ///   more than there should be.
  mutating func checkCounts(allowMissing: Bool) throws(HoldfastError) {
    guard let expected = expectedImages, samples.count != expected else { return }
    let missing = expected - samples.count
    guard !allowMissing else {
      conditions["missing"] = .integer(missing)
      return
    }
    let found =
      "\(name): \(samples.count) images, a complete copy has \(expected)\(classDifference)"
    guard missing > 0 else {
      throw .badData(
        found, remedy: "Remove what does not belong to it, or accept it with --allow-missing.")
    }
    throw .missingInput(
      found, remedy: "Complete the copy, or accept the rest of it with --allow-missing.")
  }

  /// Which classes have how many images too few or too many, for an error.
  private var classDifference: String {
    guard let expectedPerClass, expectedPerClass.count == classes.count else { return "" }
    let counts = countsPerClass
    let different = classes.indices.filter { counts[$0] != expectedPerClass[$0] }
    guard !different.isEmpty else { return "" }
    let shown = different.prefix(5).map {
      "'\(classes[$0])' \(counts[$0]) of \(expectedPerClass[$0])"
    }
    let rest = different.count > shown.count ? " and \(different.count - shown.count) more" : ""
    return " (\(different.count) classes differ: \(shown.joined(separator: ", "))\(rest))"
  }
}
