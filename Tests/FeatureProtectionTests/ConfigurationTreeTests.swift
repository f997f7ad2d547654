import Basics
import FeatureProtection
import TestSupport
import Testing

/// Overlays of configurations.
@Suite struct ConfigurationTreeTests {
  static let tree: JSONValue = .object([
    "lr": .number(1), "name": .null,
    "l2": .object(["strength": .number(2), "deep": .object(["inner": .integer(3)])]),
  ])

  @Test func laterOverlaysReplaceEarlierOnes() throws {
    let first = JSONValue.object([
      "lr": .integer(5), "l2": .object(["strength": .integer(6)]), "name": .string("a"),
    ])
    let second = JSONValue.object(["l2": .object(["strength": .integer(7)]), "name": .null])
    var result = try ConfigurationTree.overlay(Self.tree, with: first)
    result = try ConfigurationTree.overlay(result, with: second)
    #expect(
      result
        == .object([
          "lr": .integer(5), "name": .null,
          "l2": .object(["strength": .integer(7), "deep": .object(["inner": .integer(3)])]),
        ]))
  }

  @Test func anUnknownKeyNamesTheNearestWithItsPath() {
    let cases: [(JSONValue, String, String)] = [
      (.object(["nme": .null]), "there is no setting nme", "Did you mean name?"),
      (
        .object(["l2": .object(["strenght": .null])]), "l2.strenght",
        "Did you mean l2.strength?"
      ),
      (
        .object(["l2": .object(["deep": .object(["iner": .null])])]), "l2.deep.iner",
        "Did you mean l2.deep.inner?"
      ),
    ]
    for (change, problem, remedy) in cases {
      let error = expectProblem(.usage, containing: problem) {
        try ConfigurationTree.overlay(Self.tree, with: change)
      }
      #expect(error?.remedy.contains(remedy) == true)
    }
    let far = expectProblem(.usage, containing: "there is no setting l2.something") {
      try ConfigurationTree.overlay(Self.tree, with: .object(["l2": .object(["something": .null])]))
    }
    #expect(far?.remedy == "Known under l2: deep, strength.")
  }

  @Test func aSectionGivenAsAValueIsAnError() {
    let error = expectProblem(.usage, containing: "l2 is 3") {
      try ConfigurationTree.overlay(Self.tree, with: .object(["l2": .integer(3)]))
    }
    #expect(error?.remedy.contains("l2.deep") == true)
    let whole = expectProblem(.usage, containing: "the configuration is [1]") {
      try ConfigurationTree.overlay(Self.tree, with: .array([.integer(1)]))
    }
    #expect(whole?.remedy.hasSuffix("such as l2.") == true)
  }

  @Test func anAssignmentIsATreeOfOneValue() throws {
    func parse(_ text: String) -> JSONValue { .string(text) }
    #expect(
      try ConfigurationTree.assignment("l2.deep.inner=a=b", parse: parse)
        == .object(["l2": .object(["deep": .object(["inner": .string("a=b")])])]))
    #expect(
      try ConfigurationTree.assignment("lr=", parse: parse) == .object(["lr": .string("")]))
    for text in ["lr", "=5", ""] {
      expectProblem(.usage, containing: "there is no =") {
        try ConfigurationTree.assignment(text, parse: parse)
      }
    }
    expectProblem(.usage, containing: "is \"5\"") {
      let change = try ConfigurationTree.assignment(".=5", parse: parse)
      return try ConfigurationTree.overlay(Self.tree, with: change)
    }
  }
}
