import Basics

extension DatasetSpecifier {
  /// The specifier's text, which `parse` reads back where nothing of that very name is on disk.
  public var text: String {
    (kind.map { "\($0):" } ?? "") + path + (split.map { "#\($0)" } ?? "")
  }

  /// The data set's own part for testing: its test split, else its validation split.
  ///
  /// - Returns: Nil where it is not split, or has a train split only: training images are no test.
  public func ownTestPart() throws(HoldfastError) -> DatasetSpecifier? {
    var whole = self
    whole.split = nil
    do throws(HoldfastError) {
      guard let part = try whole.open(for: .evaluation).first, part.split != SplitName.all,
        part.split != SplitName.train
      else { return nil }
      whole.split = part.split
      return whole
    } catch {
      if error.kind == .missingInput { return nil }
      throw error
    }
  }

  /// Opens the part to train on, or where there is none the part to score.
  public func openToLook(
    progress: @Sendable (Int, Int) -> Void = { _, _ in }
  ) throws(HoldfastError) -> [Dataset] {
    let problem: HoldfastError
    do throws(HoldfastError) {
      return try open(for: .training, progress: progress)
    } catch {
      problem = error
    }
    guard problem.kind == .missingInput, let sets = try? open(for: .evaluation, progress: progress)
    else { throw problem }
    return sets
  }
}
