import Basics

extension DatasetSpecifier {
  /// The specifier's text, which `parse` reads back where nothing of that very name is on disk.
  public var text: String {
    let options = options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return (kind.map { "\($0):" } ?? "") + path
      + (options.isEmpty ? "" : "?" + options.joined(separator: "&"))
      + (split.map { "#\($0)" } ?? "")
  }

  /// What takes its time while the data set is opened for the first time, for a progress line.
  public var preparation: String {
    kind == "builtin" ? "Rendering MiniDomains" : "Indexing \(path)"
  }

  /// The data set's own part for testing: its test split, else its validation split.
  ///
  /// Where `test` is of another distribution than training, as in WILDS, it is `id_test`.
  ///
  /// - Returns: Nil where it is not split, or has a train split only: training images are no test.
  public func ownTestPart() throws(HoldfastError) -> DatasetSpecifier? {
    var whole = self
    whole.split = nil
    do throws(HoldfastError) {
      if kind != "builtin", let split = try layout().ownTestSplit {
        whole.split = split
        return whole
      }
      guard let part = try whole.open(for: .evaluation, allowMissing: true).first,
        part.split != SplitName.all,
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
  ///
  /// Looking is free: a copy that lacks images is shown as it is, with the number it should have.
  public func openToLook(
    progress: @Sendable (Int, Int) -> Void = { _, _ in }
  ) throws(HoldfastError) -> [Dataset] {
    let problem: HoldfastError
    do throws(HoldfastError) {
      return try open(for: .training, allowMissing: true, progress: progress)
    } catch {
      problem = error
    }
    guard problem.kind == .missingInput else { throw problem }
    do throws(HoldfastError) {
      return try open(for: .evaluation, allowMissing: true, progress: progress)
    } catch {
      throw error.kind == .missingInput ? problem : error
    }
  }
}
