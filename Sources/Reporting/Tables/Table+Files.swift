import Basics

extension Table {
  /// The table in GitHub's Markdown, the best cells in bold.
  public var markdown: String {
    let titles = row(columns.map { Self.markdownEscaped($0.title) })
    let rule = row(columns.map { $0.alignment == .left ? "---" : "---:" })
    let body = rows.map { cells in
      row(
        cells.map { cell in
          let text = Self.markdownEscaped(cell.text)
          return cell.isBest && !text.isEmpty ? "**\(text)**" : text
        })
    }
    return ([titles, rule] + body).joined()
  }

  /// The table as RFC 4180 has it: a line of titles, commas, quotes where needed, CRLF.
  public var csv: String {
    let lines = [columns.map(\.title)] + rows.map { $0.map(\.text) }
    return lines.map { $0.map(Self.csvQuoted).joined(separator: ",") + "\r\n" }.joined()
  }

  /// The table as a JSON array with one object a row, keyed by the columns' titles.
  public var json: String {
    let objects = rows.map { row in
      let members = zip(columns, row).map { column, cell in
        (column.title, cell.number.map { JSONValue.number($0) } ?? .string(cell.text))
      }
      return JSONValue.object(Dictionary(members) { first, _ in first })
    }
    return JSONValue.array(objects).text(pretty: true) + "\n"
  }

  /// The table as HTML, every text escaped, the first column as row headings.
  public var html: String {
    let titles = columns.map { "<th scope=\"col\"\(alignment($0))>\($0.title.escaped)</th>" }
    let body = rows.map { row in
      let cells = zip(columns, row).enumerated().map { index, entry in
        let (column, cell) = entry
        let text = cell.isBest ? "<strong>\(cell.text.escaped)</strong>" : cell.text.escaped
        return index == 0
          ? "<th scope=\"row\"\(alignment(column))>\(text)</th>"
          : "<td\(alignment(column))>\(text)</td>"
      }
      return "<tr>\(cells.joined())</tr>\n"
    }
    return "<table>\n<thead><tr>\(titles.joined())</tr></thead>\n<tbody>\n\(body.joined())"
      + "</tbody>\n</table>\n"
  }

  private func alignment(_ column: Column) -> String {
    column.alignment == .left ? " class=\"left\"" : ""
  }

  private func row(_ cells: [String]) -> String {
    "| " + cells.joined(separator: " | ") + " |\n"
  }

  private static func markdownEscaped(_ text: String) -> String {
    var result = ""
    for character in text.onOneLine {
      switch character {
      case "|", "\\", "*", "_", "`", "[", "]": result += "\\\(character)"
      case "<": result += "&lt;"
      case "&": result += "&amp;"
      default: result.append(character)
      }
    }
    return result
  }

  private static func csvQuoted(_ text: String) -> String {
    let special = text.unicodeScalars.contains { [",", "\"", "\n", "\r"].contains($0) }
    guard special else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
