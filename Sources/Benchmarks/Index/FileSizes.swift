import Foundation

/// Measuring many files by many threads.
enum FileSizes {
  /// So many files are measured between two reports.
  private static let block = 1 << 14
  private static let piece = 256

  /// The sizes of the images of each data set in bytes; 0 where a file cannot be measured.
  static func measure(_ sets: [Dataset], progress: (Int, Int) -> Void) -> [[Int64]] {
    let total = sets.reduce(0) { $0 + $1.samples.count }
    var done = 0
    return sets.map { set in
      var sizes: [Int64] = []
      sizes.reserveCapacity(set.samples.count)
      for start in stride(from: 0, to: set.samples.count, by: block) {
        let samples = set.samples[start..<min(start + block, set.samples.count)]
        let pieces = stride(from: samples.startIndex, to: samples.endIndex, by: piece).map {
          samples[$0..<min($0 + piece, samples.endIndex)]
        }
        sizes += concurrentMap(pieces) { $0.map { size(of: $0, in: set.root) } }.joined()
        done += samples.count
        progress(done, total)
      }
      return sizes
    }
  }

  private static func size(of sample: Dataset.Sample, in root: String) -> Int64 {
    if let slice = sample.slice { return Int64(slice.count) }
    return max(FileStamp(at: joined(root, sample.path)).size, 0)
  }
}
