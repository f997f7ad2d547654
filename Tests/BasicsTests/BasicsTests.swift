import Basics
import Foundation
import TestSupport
import Testing

@Suite struct BasicsTests {
  @Test func aCounterSequenceDependsOnItsKeyOnly() {
    var first = CounterRandom(1, 2, 3)
    var second = CounterRandom(1, 2, 3)
    var other = CounterRandom(1, 3, 2)
    let numbers = (0..<8).map { _ in first.next() }
    #expect(numbers == (0..<8).map { _ in second.next() })
    #expect(numbers != (0..<8).map { _ in other.next() })
  }

  @Test func uniformAndNormalNumbersHaveTheirMoments() {
    var random = CounterRandom(7)
    let uniform = (0..<20_000).map { _ in random.uniform() }
    let normal = (0..<20_000).map { _ in random.normal() }
    #expect(abs(uniform.reduce(0, +) / 20_000 - 0.5) < 0.01)
    #expect(abs(normal.reduce(0, +) / 20_000) < 0.03)
    #expect(abs(normal.map { $0 * $0 }.reduce(0, +) / 20_000 - 1) < 0.05)
  }

  @Test func aPermutationHoldsEachNumberOnce() {
    var random = CounterRandom(3)
    #expect(random.permutation(100).sorted() == Array(0..<100))
    #expect(random.permutation(0).isEmpty)
  }

  @Test func aFileIsReplacedWhole() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/deep/file.txt"
      try AtomicFile.write("first", to: path)
      try AtomicFile.write("second", to: path)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "second")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/deep")
      #expect(names == ["file.txt"])
    }
  }

  @Test func aFailedWriteLeavesTheEarlierFile() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file.txt"
      try AtomicFile.write("first", to: path)
      expectProblem(.badData) {
        try AtomicFile.write(to: path) { (writer) throws(HoldfastError) in
          try writer.append(Data("half".utf8))
          throw .badData("stop", remedy: "none")
        }
      }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "first")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file.txt"])
    }
  }

  @Test func aFullDiskIsSaid() {
    expectProblem(.cannotWrite, containing: "/dev/full") {
      try AtomicFile.write("x", to: "/dev/full/x")
    }
  }

  @Test func nearestNames() {
    #expect(nearestName(to: "wiseft", among: ["wise-ft", "full"]) == "wise-ft")
    #expect(nearestName(to: "zzzzzz", among: ["wise-ft", "full"]) == nil)
  }

  @Test func jsonKeepsIntegersAndSortsKeys() throws {
    let value = try JSONValue.parse(Data(#"{"b": 1, "a": [0.5, true, null]}"#.utf8), source: "x")
    #expect(value.text() == #"{"a":[0.5,true,null],"b":1}"#)
    expectProblem(.badData, containing: "x.json") {
      try JSONValue.parse(Data("{".utf8), source: "x.json")
    }
  }

  @Test func aMeasurementWritesTheKeysOfTheInterface() throws {
    let row = ResultRow(
      method: "wise-ft", setting: ["alpha": .number(0.5)], seed: 0, set: "minidomains/sketch",
      role: .outOfDistribution, metric: "top1", value: 0.6315, n: 1200, ci95: [0.604, 0.658],
      recipe: "sha256:a", weights: "sha256:b")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(row), as: UTF8.self)
    #expect(
      text == #"{"ci95":[0.604,0.658],"method":"wise-ft","metric":"top1","n":1200,"#
        + #""recipe":"sha256:a","role":"ood","seed":0,"selected_on":null,"#
        + #""set":"minidomains/sketch","setting":{"alpha":0.5},"value":0.6315,"#
        + #""weights":"sha256:b"}"#)
  }
}
