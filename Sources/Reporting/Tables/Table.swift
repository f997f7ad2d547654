/// A small table of text that can be shown in a terminal, a document, a spreadsheet or a page.
public struct Table: Hashable, Sendable {
  /// To which side of its column a cell is pushed.
  public enum Alignment: Hashable, Sendable {
    case left
    case right
  }

  /// The heading of a column.
  public struct Column: Hashable, Sendable {
    public var title: String
    public var alignment: Alignment

    public init(_ title: String, alignment: Alignment = .right) {
      self.title = title
      self.alignment = alignment
    }
  }

  /// One entry: its text, the number behind it if it is one, and whether it is a column's best.
  public struct Cell: Hashable, Sendable, ExpressibleByStringLiteral {
    public var text: String
    /// What `json` writes in place of the text.
    public var number: Double?
    /// Shown in bold, or with a star in a terminal.
    public var isBest: Bool

    public init(_ text: String, number: Double? = nil, isBest: Bool = false) {
      self.text = text
      self.number = number
      self.isBest = isBest
    }

    public init(stringLiteral value: String) {
      self.init(value)
    }
  }

  public var columns: [Column]
  /// One array a row; a short row ends in empty cells, and cells past the last column are dropped.
  public private(set) var rows: [[Cell]]

  public init(columns: [Column], rows: [[Cell]] = []) {
    self.columns = columns
    self.rows = []
    for row in rows { append(row) }
  }

  /// Adds a row at the end.
  public mutating func append(_ row: [Cell]) {
    let missing = max(0, columns.count - row.count)
    rows.append(row.prefix(columns.count) + Array(repeating: Cell(""), count: missing))
  }
}
