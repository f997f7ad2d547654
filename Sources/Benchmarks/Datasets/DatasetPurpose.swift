/// What a data set is opened for; it decides which split is read.
public enum DatasetPurpose: String, Sendable, CaseIterable {
  /// The `train` split, or everything where nothing is split.
  case training
  /// The `val` split; no data set at all where there is none.
  case validation
  /// The `test` split, else `val`, or everything where nothing is split.
  case evaluation
}
