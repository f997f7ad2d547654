import Basics
import Reporting
import Testing

/// `config.yaml`: what is written reads back, in YAML 1.1 and 1.2.
@Suite struct YAMLTextTests {
  @Test(
    arguments: [
      (JSONValue.number(1e-5), "1.0e-05"), (.number(3e20), "3.0e+20"), (.number(0.1), "0.1"),
      (.number(1), "1.0"), (.integer(-3), "-3"), (.null, "null"), (.bool(true), "true"),
      (.number(.infinity), ".inf"), (.number(-.infinity), "-.inf"), (.number(.nan), ".nan"),
      (.string("l2"), "l2"), (.string("a/b-c.d"), "a/b-c.d"), (.string("on"), "\"on\""),
      (.string("No"), "\"No\""), (.string("1e5"), "\"1e5\""), (.string(""), "\"\""),
      (.string("0:1:0.1"), "\"0:1:0.1\""), (.string("a: b"), "\"a: b\""),
      (.string("- x"), "\"- x\""), (.string("#x"), "\"#x\""), (.string("~"), "\"~\""),
      (.string("zwei\nZeilen"), "\"zwei\\nZeilen\""), (.string("Käfer"), "\"Käfer\""),
      (.array([]), "[]"), (.object([:]), "{}"),
    ] as [(JSONValue, String)])
  func values(_ value: JSONValue, _ text: String) {
    #expect(YAMLText.document(.object(["key": value])) == "key: \(text)\n")
  }

  @Test func numbersReadBackAsTheyWere() throws {
    for value in [1e-5, 3e-5, 1.0e-8, 0.1 + 0.2, 1e22, 123_456_789.125, .leastNonzeroMagnitude]
      as [Double]
    {
      let text = YAMLText.document(.number(value))
      #expect(Double(text.trimmingPrefix(" ").dropLast()) == value, "\(text)")
    }
  }

  @Test func sectionsAreIndentedAndSorted() {
    let value = JSONValue.object([
      "b": .object(["list": .array([.integer(1), .string("x")]), "a": .null]),
      "a": .array([.object(["k": .integer(1)]), .array([.integer(2)])]),
    ])
    #expect(
      YAMLText.document(value) == """
        a:
          -
            k: 1
          - [2]
        b:
          a: null
          list: [1, x]

        """)
  }
}
