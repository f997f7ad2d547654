import Basics
import Images

extension Dataset {
  /// All that is wrong: files that are not there, counts that differ from a complete copy's, and
  /// images that do not decode.
  ///
  /// The set is best opened with `allowMissing`, so that what is missing is listed here.
  ///
  /// - Parameters:
  ///   - threads: How many threads decode.
  ///   - progress: Called with images done and in all; what it throws ends the check.
  public func problems(
    threads: Int, progress: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> [DatasetProblem] {
    let missing = missingFiles.map {
      DatasetProblem(.missing, joined(root, $0), reason: "it is listed and not there")
    }
    let bad = try unreadableImages(threads: threads, progress: progress).map {
      DatasetProblem(.bad, $0.path, reason: $0.reason)
    }
    return missing + countProblems + bad
  }

  /// The images that do not decode, each with what is wrong with it in one line.
  ///
  /// - Parameters:
  ///   - threads: How many threads decode.
  ///   - progress: Called with images done and in all; what it throws ends the check.
  public func unreadableImages(
    threads: Int, progress: (Int, Int) throws -> Void = { _, _ in }
  ) throws -> [PixelBatch.Skipped] {
    // The size does not matter; a small one is quick.
    let loader = ImageLoader(
      items: samples.map { item(of: $0) },
      preprocessing: Preprocessing(imageSize: 8), batchSize: 64, threads: threads, skipBad: true)
    var bad: [PixelBatch.Skipped] = []
    var done = 0
    while let batch = try loader.next() {
      bad += batch.skipped
      done += batch.count + batch.skipped.count
      try progress(done, samples.count)
    }
    return bad
  }

  /// Where the counts differ from those of a complete copy: the classes, or the set as a whole.
  private var countProblems: [DatasetProblem] {
    if let expectedPerClass, expectedPerClass.count == classes.count {
      let counts = countsPerClass
      return classes.indices.compactMap { index in
        problem("class '\(classes[index])'", counts[index], of: expectedPerClass[index])
      }
    }
    // Files that are missing by name explain the difference.
    if expectedImages == samples.count + missingFiles.count { return [] }
    return [problem(name, samples.count, of: expectedImages)].compactMap { $0 }
  }

  private func problem(_ subject: String, _ count: Int, of expected: Int?) -> DatasetProblem? {
    guard let expected, count != expected else { return nil }
    return DatasetProblem(
      count < expected ? .missing : .bad, subject,
      reason: "\(count) images, a complete copy has \(expected)")
  }
}
