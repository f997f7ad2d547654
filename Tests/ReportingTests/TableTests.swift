import Foundation
import Reporting
import TestSupport
import Testing

@Suite struct TableTests {
  private let table = Table(
    columns: [Table.Column("Method", alignment: .left), Table.Column("OOD (%)")],
    rows: [
      ["L2, strength = 0.1", Table.Cell("83.9 ± 0.1", number: 83.9, isBest: true)],
      [#"a "b" | c_d <i>"#, "7.0"],
    ])

  @Test func textIsAlignedAndMarksTheBest() {
    #expect(
      table.text == """
        Method                 OOD (%)
        ──────────────────  ───────────
        L2, strength = 0.1  83.9 ± 0.1*
        a "b" | c_d <i>            7.0

        """)
  }

  @Test func markdownEscapesWhatMarkdownReads() {
    #expect(
      table.markdown == #"""
        | Method | OOD (%) |
        | --- | ---: |
        | L2, strength = 0.1 | **83.9 ± 0.1** |
        | a "b" \| c\_d &lt;i> | 7.0 |

        """#)
  }

  @Test func csvQuotesAsInRFC4180() {
    #expect(
      table.csv == "Method,OOD (%)\r\n\"L2, strength = 0.1\",83.9 ± 0.1\r\n"
        + "\"a \"\"b\"\" | c_d <i>\",7.0\r\n")
    let broken = Table(columns: [Table.Column("a")], rows: [["x\ny"], ["z\r"]])
    #expect(broken.csv == "a\r\n\"x\ny\"\r\n\"z\r\"\r\n")
  }

  @Test func jsonHasNumbersWhereThereAreNumbers() {
    let small = Table(
      columns: [Table.Column("m"), Table.Column("v")],
      rows: [["full", Table.Cell("70.2", number: 70.25)], ["x", "–"]])
    let squeezed = small.json.filter { !$0.isWhitespace }
    #expect(squeezed == #"[{"m":"full","v":70.25},{"m":"x","v":"–"}]"#)
  }

  @Test func htmlIsEscaped() {
    #expect(table.html.contains("a &quot;b&quot; | c_d &lt;i&gt;"))
    #expect(table.html.contains("<td><strong>83.9 ± 0.1</strong></td>"))
    #expect(table.html.contains("<th scope=\"col\" class=\"left\">Method</th>"))
  }

  @Test func rowsTakeTheShapeOfTheColumns() {
    let ragged = Table(
      columns: [Table.Column("a"), Table.Column("b")], rows: [["1"], ["1", "2", "3"]])
    #expect(ragged.rows.map(\.count) == [2, 2])
    #expect(ragged.csv == "a,b\r\n1,\r\n1,2\r\n")
    #expect(Table(columns: []).text == "\n\n")
  }

  @Test func wideCharactersKeepTheAlignment() {
    let wide = Table(
      columns: [Table.Column("名", alignment: .left), Table.Column("x")], rows: [["画像", "1"]])
    #expect(wide.text == "名    x\n────  ─\n画像  1\n")
  }
}
