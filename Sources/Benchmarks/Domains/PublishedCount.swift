/// How many images the authors or users of a benchmark count in a complete copy.
enum PublishedCount {
  /// The count to hold a copy against, where there are several versions: the smallest that is not
  /// below what was found, else the largest.
  static func expected(among counts: [Int], found: Int) -> Int? {
    counts.filter { $0 >= found }.min() ?? counts.max()
  }
}
