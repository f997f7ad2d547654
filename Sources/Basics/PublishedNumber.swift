/// What others published of a model on a data set, to stand beside a measurement of one's own.
public struct PublishedNumber: Hashable, Sendable {
  /// The model's name in rows.
  public var model: String
  /// The data set's name in rows.
  public var set: String
  /// What the number is, `top1` for example.
  public var metric: String
  /// A fraction.
  public var value: Double
  /// What the model is called where it was published: `OpenAI's ViT-B/32`.
  public var release: String
  /// Whom the number is from.
  public var source: String

  public init(
    model: String, set: String, metric: String, value: Double, release: String, source: String
  ) {
    self.model = model
    self.set = set
    self.metric = metric
    self.value = value
    self.release = release
    self.source = source
  }

  /// Whether it is the number of a row.
  public func isOf(_ row: ResultRow) -> Bool {
    model == row.method && set == row.set && metric == row.metric
  }
}
