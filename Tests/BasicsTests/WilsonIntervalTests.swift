import Basics
import TestSupport
import Testing

@Suite struct WilsonIntervalTests {
  @Test func intervalsAreThoseOfSciPy() throws {
    let source = "reporting/statistics.json"
    let golden = try JSONValue.parse(Fixtures.data(source), source: source)
    for entry in try #require(golden["wilson"]?.array) {
      let count = try #require(entry["n"]?.int)
      let successes = try #require(entry["k"]?.double)
      let ends = try #require(entry["ci"]?.array)
      let interval = try #require(wilsonInterval(successes / Double(count), count: count))
      #expect(abs(interval.lowerBound - (ends[0].double ?? .nan)) < 1e-12, "\(entry)")
      #expect(abs(interval.upperBound - (ends[1].double ?? .nan)) < 1e-12, "\(entry)")
    }
  }

  @Test func whatIsNoProportionHasNoInterval() {
    #expect(wilsonInterval(0.5, count: 0) == nil)
    #expect(wilsonInterval(.nan, count: 5) == nil)
    #expect(wilsonInterval(1.5, count: 5) == nil)
    #expect(wilsonInterval(-0.1, count: 5) == nil)
  }
}
