/// One image to load: its file, and what its randomness is a function of.
public struct LoadItem: Hashable, Sendable {
  public var path: String
  /// The key of the augmentation's `CounterRandom`: seed, epoch and index, for example.
  public var key: [Int]

  public init(path: String, key: [Int] = []) {
    self.path = path
    self.key = key
  }
}
