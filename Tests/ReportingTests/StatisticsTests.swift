import Basics
import Reporting
import TestSupport
import Testing

@Suite struct StatisticsTests {
  private func golden() throws -> JSONValue {
    try JSONValue.parse(Fixtures.data("reporting/statistics.json"), source: "statistics.json")
  }

  @Test func meanAndDeviationOfKnownValues() {
    #expect(Statistics.mean([1, 2, 3, 4]) == 2.5)
    #expect(
      abs(Statistics.standardDeviation([2, 4, 4, 4, 5, 5, 7, 9]) - 2.138089935299395) < 1e-14)
    #expect(Statistics.mean([]).isNaN)
    #expect(Statistics.standardDeviation([1]).isNaN)
  }

  @Test func studentQuantilesAreThoseOfSciPy() throws {
    let cases = try #require(golden()["student"]?.array)
    #expect(cases.count == 12)
    for entry in cases {
      let (p, df, t) = (entry["p"]?.double, entry["df"]?.int, entry["t"]?.double)
      let expected = try #require(t)
      let quantile = try Statistics.studentQuantile(
        #require(p), degreesOfFreedom: #require(df))
      #expect(abs(quantile - expected) < 1e-11 * max(1, abs(expected)), "\(entry)")
    }
  }

  @Test(arguments: [(0.0, 3), (1.0, 3), (-1, 3), (0.9, 0), (.nan, 2)])
  func noQuantileForOtherArguments(probability: Double, degrees: Int) {
    #expect(Statistics.studentQuantile(probability, degreesOfFreedom: degrees).isNaN)
  }

  @Test func halfWidthOfThreeSeeds() throws {
    // 4.302652729749462 · 0.01 / √3
    let halfWidth = try #require(Statistics.halfWidth([0.94, 0.95, 0.96]))
    #expect(abs(halfWidth - 0.024841377117) < 1e-11)
    #expect(Statistics.halfWidth([0.5]) == nil)
    #expect(Statistics.halfWidth([0.5, 0.5]) == 0)
  }

  @Test func anEstimateIsClearIfItsIntervalLeavesOutZero() {
    #expect(Estimate(mean: 2, halfWidth: 1, basis: .seeds(3)).isClear)
    #expect(Estimate(mean: -2, halfWidth: 1, basis: .images).isClear)
    #expect(!Estimate(mean: 1, halfWidth: 2, basis: .images).isClear)
    #expect(!Estimate(mean: 1, halfWidth: nil, basis: .images).isClear)
    #expect(!Estimate(mean: .nan, halfWidth: 1, basis: .images).isClear)
  }
}
