extension Table {
  /// The table for a terminal: aligned columns, two spaces apart, a rule under the titles.
  ///
  /// The best cells carry a star. Every line ends in a line feed.
  public var text: String {
    let cells = rows.map { row in row.enumerated().map { starred($1, column: $0) } }
    let titles = columns.indices.map { columns[$0].title + (hasBest($0) ? " " : "") }
    let widths = columns.indices.map { column in
      cells.reduce(titles[column].terminalWidth) { max($0, $1[column].terminalWidth) }
    }
    let lines =
      [
        aligned(titles, widths),
        widths.map { String(repeating: "─", count: $0) }
          .joined(separator: "  "),
      ] + cells.map { aligned($0, widths) }
    return lines.map { $0 + "\n" }.joined()
  }

  private func hasBest(_ column: Int) -> Bool {
    rows.contains { $0[column].isBest }
  }

  private func starred(_ cell: Cell, column: Int) -> String {
    let text = cell.text.onOneLine
    return hasBest(column) ? text + (cell.isBest ? "*" : " ") : text
  }

  private func aligned(_ cells: [String], _ widths: [Int]) -> String {
    var line = zip(cells, zip(widths, columns)).map { cell, layout in
      let space = String(repeating: " ", count: max(0, layout.0 - cell.terminalWidth))
      return layout.1.alignment == .left ? cell + space : space + cell
    }.joined(separator: "  ")
    while line.hasSuffix(" ") { line.removeLast() }
    return line
  }
}

extension String {
  /// The number of terminal cells a text takes; wide East Asian characters take two.
  var terminalWidth: Int {
    reduce(0) { width, character in
      guard let scalar = character.unicodeScalars.first else { return width }
      switch scalar.value {
      case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
        0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
        return width + 2
      default:
        return width + 1
      }
    }
  }

  /// The text without line breaks and other control characters.
  var onOneLine: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  }
}
