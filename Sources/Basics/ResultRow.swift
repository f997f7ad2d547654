/// One number of a comparison: a line of `results.jsonl`.
public struct ResultRow: Codable, Hashable, Sendable {
  /// What a data set is to the model under test.
  public enum Role: String, Codable, Hashable, Sendable, CaseIterable {
    /// A test set from the distribution that was fine-tuned on.
    case inDistribution = "id"
    /// A held-out part of the training distribution, for choosing settings.
    case validation = "id-val"
    /// A test set from another distribution.
    case outOfDistribution = "ood"
    /// A test set of another task altogether.
    case general
  }

  /// The method's name, `wise-ft` for example.
  public var method: String
  /// What sets this row apart from others of its method, `{"alpha": 0.5}` for example.
  public var setting: [String: JSONValue]
  public var seed: Int
  /// The data set's name, `minidomains/sketch` for example.
  public var set: String
  public var role: Role
  /// What the number is, `top1` for example.
  public var metric: String
  /// A fraction where the metric is one.
  public var value: Double
  /// The number of images measured; where there is a `group`, those of the group.
  public var n: Int
  /// The 95 % confidence interval over images, low and high.
  public var ci95: [Double]
  /// The set on which this setting was chosen, if it was chosen.
  public var selectedOn: String?
  /// The digest of the resolved configuration.
  public var recipe: String
  /// The digest of the weights that were measured.
  public var weights: String
  /// How many images were left out because they do not decode (with `--skip-bad` only).
  public var skipped: Int?
  /// The group of images that the number is of, `Africa` for example (`worst-group`).
  public var group: String?
  /// What decides the number besides weights, images and labels: `{"missing": 12}`, for example.
  public var data: [String: JSONValue]?

  enum CodingKeys: String, CodingKey {
    case method, setting, seed, set, role, metric, value, n, ci95
    case selectedOn = "selected_on"
    case recipe, weights, skipped, group, data
  }

  public init(
    method: String, setting: [String: JSONValue] = [:], seed: Int, set: String, role: Role,
    metric: String, value: Double, n: Int, ci95: [Double], selectedOn: String? = nil,
    recipe: String, weights: String, skipped: Int? = nil, group: String? = nil,
    data: [String: JSONValue]? = nil
  ) {
    self.method = method
    self.setting = setting
    self.seed = seed
    self.set = set
    self.role = role
    self.metric = metric
    self.value = value
    self.n = n
    self.ci95 = ci95
    self.selectedOn = selectedOn
    self.recipe = recipe
    self.weights = weights
    self.skipped = skipped
    self.group = group
    self.data = data
  }

  /// Every key is written, `selected_on` as null where nothing was chosen; `skipped`, `group` and
  /// `data` only if set.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(method, forKey: .method)
    try container.encode(setting, forKey: .setting)
    try container.encode(seed, forKey: .seed)
    try container.encode(set, forKey: .set)
    try container.encode(role, forKey: .role)
    try container.encode(metric, forKey: .metric)
    try container.encode(value, forKey: .value)
    try container.encode(n, forKey: .n)
    try container.encode(ci95, forKey: .ci95)
    try container.encode(selectedOn, forKey: .selectedOn)
    try container.encode(recipe, forKey: .recipe)
    try container.encode(weights, forKey: .weights)
    try container.encodeIfPresent(skipped, forKey: .skipped)
    try container.encodeIfPresent(group, forKey: .group)
    try container.encodeIfPresent(data, forKey: .data)
  }
}
