/// One image to load: its file, and what its randomness is a function of.
public struct LoadItem: Hashable, Sendable {
  /// The file's path; for a file inside an archive, its name in messages.
  public var path: String
  /// The part of an archive that holds the file; nil where the path is a file of its own.
  public var slice: FileSlice?
  /// How many pixels are cut off at each edge before anything else.
  public var border: Int
  /// The key of the augmentation's `CounterRandom`: seed, epoch and index, for example.
  public var key: [Int]

  public init(path: String, slice: FileSlice? = nil, border: Int = 0, key: [Int] = []) {
    self.path = path
    self.slice = slice
    self.border = border
    self.key = key
  }
}

/// Some of the bytes of a file.
public struct FileSlice: Hashable, Sendable {
  public var file: String
  /// The first byte.
  public var offset: Int
  /// How many bytes.
  public var count: Int

  public init(file: String, offset: Int, count: Int) {
    self.file = file
    self.offset = offset
    self.count = count
  }
}
