import Basics

/// Sentences with a place for a class name, from which a zero-shot head is made.
public struct PromptSet: Sendable, Hashable {
  /// The sentences; `{}` in them stands for the class name.
  public let templates: [String]

  /// One sentence for each class, `a photo of a {}.`.
  public static let simple = PromptSet(builtIn: ["a photo of a {}."])

  init(builtIn templates: [String]) {
    self.templates = templates
  }

  /// Prompts from templates.
  ///
  /// - Throws: `HoldfastError` of kind `badData` if there is none or one has no `{}`.
  public init(templates: [String]) throws(HoldfastError) {
    let numbered = templates.enumerated().map { (number: $0.offset + 1, text: $0.element) }
    try self.init(numbered, source: "prompts")
  }

  /// Prompts from a file of one template a line.
  ///
  /// Blank lines and lines that begin with `#` are passed over. The file is UTF-8 of at most
  /// 1 MiB.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput`, or `badData` with the line that has no
  ///   `{}` or is not UTF-8.
  public init(file path: String) throws(HoldfastError) {
    let lines = try TextLines.read(path, limit: 1 << 20)
    try self.init(lines.filter { !$0.text.isEmpty && !$0.text.hasPrefix("#") }, source: path)
  }

  private init(
    _ templates: [(number: Int, text: String)], source: String
  ) throws(HoldfastError) {
    for (number, text) in templates where !text.contains("{}") {
      throw .badData(
        "\(source):\(number): the prompt has no {} for the class name",
        remedy: "Write {} where the name goes, or begin the line with # to leave it out.")
    }
    guard !templates.isEmpty else {
      throw .badData(
        "\(source): no prompts", remedy: "Write one prompt a line, such as: a photo of a {}.")
    }
    self.templates = templates.map(\.text)
  }

  /// The sentences about one class, in the order of the templates.
  public func prompts(for name: String) -> [String] {
    templates.map { $0.replacing("{}", with: name) }
  }
}
