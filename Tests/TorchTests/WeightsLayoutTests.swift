import Basics
import TestSupport
import Testing
import Torch

@Suite struct WeightsLayoutTests {
  private func layout() throws -> WeightsLayout {
    try WeightsLayout(groups: [
      [("a", [3])], [("q", [2, 2]), ("k", [2, 2]), ("v", [2, 2])], [("scale", [])],
      [("none", [0, 5])], [("last", [17])],
    ])
  }

  @Test func groupsStartAtMultiplesOfSixteenWithoutGapsInside() throws {
    let layout = try layout()
    #expect(layout.names == ["a", "q", "k", "v", "scale", "none", "last"])
    #expect(layout.entries.map(\.offset) == [0, 16, 20, 24, 32, 48, 48])
    #expect(layout.entries.map(\.count) == [3, 4, 4, 4, 1, 0, 17])
    #expect(layout.entries.map(\.end) == [3, 20, 24, 28, 33, 48, 65])
    #expect(layout.count == 65)
    #expect(layout.parameterCount == 33)
  }

  @Test func tensorsAreFoundByName() throws {
    let layout = try layout()
    #expect(layout["k"]?.shape == [2, 2])
    #expect(layout["k"]?.offset == 20)
    #expect(layout["x"] == nil)
  }

  @Test func groupsComeBackAsGiven() throws {
    let layout = try layout()
    #expect(layout.groups.map { $0.map(\.name) }.first == ["a"])
    #expect(layout.groups.map(\.count) == [1, 3, 1, 1, 1])
    #expect(try WeightsLayout(groups: layout.groups) == layout)
  }

  @Test func filteringKeepsOrderAndGroups() throws {
    let part = try layout().filtered { ["q", "v", "last"].contains($0) }
    #expect(part.names == ["q", "v", "last"])
    #expect(part.entries.map(\.offset) == [0, 4, 16])
    #expect(part.groups.map(\.count) == [2, 1])
    #expect(try layout().filtered { _ in true } == layout())
    #expect(try layout().filtered { _ in false }.count == 0)
  }

  @Test func aNameThatOccursTwiceIsAnError() {
    expectProblem(.badData, containing: "twin") {
      try WeightsLayout(groups: [[("twin", [1])], [("other", [1]), ("twin", [2])]])
    }
  }
}
